/* Figures of the office, counted from rows. Days are those of this computer. Pure: tests/office-figures.test.ts. */
import type { Row } from '../../records/entities';
import { dayOf, plusDays } from '../dispatch/board';

export interface Share {
    count: number;
    of: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RESPONSE_MAX_MS = 24 * HOUR_MS;
/* Upper ends of the ages of open orders, in days; the last has none. */
export const AGE_ENDS = [1, 3, 7, 30, Infinity] as const;

/* When a row was made: the first 48 bits of its id are milliseconds (UUID version 7). */
export function madeAt(id: string): number {
    return Number.parseInt(id.replace(/-/g, '').slice(0, 12), 16);
}

function instant(row: Row, field: string): number | null {
    const value = row[field];
    const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    return Number.isNaN(at) ? null : at;
}

export function daysUntil(today: string, count: number): string[] {
    return Array.from({ length: count }, (_, i) => plusDays(today, i + 1 - count));
}

export function visitsPerDay(visits: readonly Row[], days: readonly string[]): number[] {
    const counts = new Map(days.map((day) => [day, 0]));
    for (const visit of visits) {
        const at = instant(visit, 'arrived_at');
        const day = at === null ? '' : dayOf(new Date(at));
        if (counts.has(day)) {
            counts.set(day, (counts.get(day) ?? 0) + 1);
        }
    }
    return days.map((day) => counts.get(day) ?? 0);
}

/* Since the request came, or else since the order was made. */
export function ordersByAge(orders: readonly Row[], requests: ReadonlyMap<string, Row>, now_ms: number): number[] {
    const counts = AGE_ENDS.map(() => 0);
    for (const order of orders) {
        const request = requests.get(String(order['request'] ?? ''));
        const since = (request === undefined ? null : instant(request, 'received_at')) ?? madeAt(order.id);
        const bucket = AGE_ENDS.findIndex((end) => now_ms - since < end * DAY_MS);
        counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    return counts;
}

/* The visits of each order, in the order of arrival. */
function visitsOf(visits: readonly Row[]): Map<string, Row[]> {
    const found = new Map<string, Row[]>();
    for (const visit of visits) {
        const order = String(visit['work_order'] ?? '');
        if (order !== '' && instant(visit, 'arrived_at') !== null) {
            found.set(order, [...(found.get(order) ?? []), visit]);
        }
    }
    for (const list of found.values()) {
        list.sort((a, b) => (instant(a, 'arrived_at') ?? 0) - (instant(b, 'arrived_at') ?? 0));
    }
    return found;
}

/* Of the requests that were answered, or could have been: those where somebody arrived within 24 hours. */
export function respondedInTime(requests: readonly Row[], orders: readonly Row[], visits: readonly Row[], now_ms: number): Share {
    const byOrder = visitsOf(visits);
    const arrival = new Map<string, number>();
    for (const order of orders) {
        const first = byOrder.get(order.id)?.[0];
        const request = String(order['request'] ?? '');
        const at = first === undefined ? null : instant(first, 'arrived_at');
        if (at !== null && request !== '') {
            arrival.set(request, Math.min(at, arrival.get(request) ?? Infinity));
        }
    }
    const share = { count: 0, of: 0 };
    for (const request of requests) {
        const received = instant(request, 'received_at');
        const arrived = arrival.get(request.id);
        if (received !== null && (arrived !== undefined || now_ms - received > RESPONSE_MAX_MS)) {
            share.of++;
            share.count += arrived !== undefined && arrived - received <= RESPONSE_MAX_MS ? 1 : 0;
        }
    }
    return share;
}

/* Of the orders whose first visit has a result: those that it solved. */
export function fixedAtOnce(orders: readonly Row[], visits: readonly Row[]): Share {
    const byOrder = visitsOf(visits);
    const results = orders.map((order) => byOrder.get(order.id)?.[0]?.['result']).filter((result) => typeof result === 'string');
    return { count: results.filter((result) => result === 'solved').length, of: results.length };
}

export interface PartUse {
    part: string;
    label: string;
    quantity: number;
}

/* Most used first. */
export function partsUsed(movements: readonly Row[], count: number): PartUse[] {
    const uses = new Map<string, PartUse>();
    for (const movement of movements) {
        const part = String(movement['part'] ?? '');
        const use = uses.get(part) ?? { part, label: movement.labels?.['part'] ?? part, quantity: 0 };
        use.quantity += Number(movement['quantity'] ?? 0);
        uses.set(part, use);
    }
    return [...uses.values()].sort((a, b) => b.quantity - a.quantity || a.label.localeCompare(b.label)).slice(0, count);
}
