/* Work orders in the order in which they are driven to: by planned time, then the more urgent, then by number. Pure. */
import type { WorkOrder } from './rows';

const OVER = ['finished', 'reconciled', 'cancelled', 'returned', 'draft'];
const URGENCY = ['urgent', 'high', 'normal', 'low'];

export function isOpen(order: Pick<WorkOrder, 'status'>): boolean {
    return !OVER.includes(order.status ?? 'assigned');
}

function urgency(priority: string | null | undefined): number {
    const at = URGENCY.indexOf(priority ?? 'normal');
    return at < 0 ? URGENCY.indexOf('normal') : at;
}

/* An order without a time comes after those that have one. */
function millisecondsOf(start: string | null): number {
    return start === null ? Number.MAX_SAFE_INTEGER : Date.parse(start);
}

type Routed = Pick<WorkOrder, 'planned_start' | 'number' | 'request'>;

export function byRoute<T extends Routed>(orders: readonly T[], priorityOf: (request: string | null) => string | null | undefined): T[] {
    return [...orders].sort((a, b) => {
        const time = millisecondsOf(a.planned_start) - millisecondsOf(b.planned_start);
        return time || urgency(priorityOf(a.request)) - urgency(priorityOf(b.request)) || (a.number ?? '').localeCompare(b.number ?? '', 'en');
    });
}
