/* The work orders of this person that are open, in route order, and the visits that were begun and not finished. */
import { useRows, usePerson, type Request, type Visit, type WorkOrder } from './rows';
import { useCommand } from '../api';
import { byRoute, isOpen } from './route-order';

export function useOpenVisits() {
    return useCommand<{ rows: Visit[] }>(['visit', 'list']);
}

export function useOrders() {
    const person = usePerson();
    const loaded = useRows<WorkOrder>('work_order', person === undefined ? null : [`technician=${person}`]);
    const requests = useRows<Request>('service_request', []).data?.rows ?? [];
    const priorities = new Map(requests.map((request) => [request.id, request.priority]));
    const open = loaded.data?.rows.filter(isOpen) ?? [];
    return { loaded, orders: byRoute(open, (request) => (request === null ? null : priorities.get(request))) };
}

/* The next one to drive to: of those where no visit was begun. */
export function useNextOrder(except?: string | null): WorkOrder | undefined {
    const { orders } = useOrders();
    const begun = useOpenVisits().data?.rows.map((visit) => visit.work_order) ?? [];
    return orders.find((order) => order.id !== except && !begun.includes(order.id));
}
