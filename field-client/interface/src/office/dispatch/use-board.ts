/* Orders of a week and those that wait, the requests behind them, and who can be sent. */
import { option, useCommand, type CommandError } from '../../api';
import type { Row } from '../../records/entities';
import { techniciansOf, useDevices, type Person } from '../people';
import { dateOf, orderOf, plusDays, type Order } from './board';

const ROWS_MAX = '1000';

interface Rows {
    rows: Row[];
    more: boolean;
}

function useList(...words: string[]) {
    return useCommand<Rows>(['list', ...words, option('limit', ROWS_MAX)]);
}

export interface Board {
    loading: boolean;
    error: CommandError | undefined;
    more: boolean; // there are more rows than are shown
    orders: Order[];
    requests: Row[]; // without an order
    requestOf: ReadonlyMap<string, Row>;
    technicians: Person[];
}

export function useBoard(week: readonly string[]): Board {
    const begin = week[0] ?? '';
    const end = new Date(dateOf(plusDays(begin, week.length)).getTime() - 1);
    const planned = useList('work_order', `planned_start>=${dateOf(begin).toISOString()}`, `planned_start<=${end.toISOString()}`);
    const draft = useList('work_order', 'status=draft');
    const assigned = useList('work_order', 'status=assigned');
    const accepted = useList('work_order', 'status=accepted');
    const returned = useList('work_order', 'status=returned');
    const fresh = useList('service_request', 'status=new');
    const approved = useList('service_request', 'status=approved');
    const sent = useList('service_request', 'status=assigned');
    const devices = useDevices();
    const lists = [planned, draft, assigned, accepted, returned];
    const requests = [fresh, approved, sent];
    const orders = new Map(lists.flatMap((list) => list.data?.rows ?? []).map((row) => [row.id, orderOf(row)]));
    const ordered = new Set([...orders.values()].map((order) => order.request));
    const technicians = techniciansOf(devices.data?.devices ?? []);
    for (const order of orders.values()) {
        if (order.technician !== null && !technicians.some(({ id }) => id === order.technician)) {
            technicians.push({ id: order.technician, name: order.labels.technician ?? order.technician.slice(0, 8) });
        }
    }
    return {
        loading: [...lists, ...requests].some((list) => list.data === undefined && list.error === undefined),
        error: [...lists, ...requests, devices].map((list) => list.error).find((error) => error !== undefined),
        more: [...lists, ...requests].some((list) => list.data?.more === true),
        orders: [...orders.values()],
        requests: [fresh, approved].flatMap((list) => list.data?.rows ?? []).filter((row) => !ordered.has(row.id)),
        requestOf: new Map(requests.flatMap((list) => list.data?.rows ?? []).map((row) => [row.id, row])),
        technicians,
    };
}
