/* Days, places on the board, and what a move changes. Days are those of this computer. Pure: tests/office-board.test.ts. */
import type { Row } from '../../records/entities';

export interface Order {
    id: string;
    number: string | null;
    request: string | null;
    technician: string | null;
    planned_start: string | null;
    instruction: string | null;
    status: string | null;
    labels: { request?: string | null; technician?: string | null };
}

export interface Place {
    technician: string;
    day: string; // "2026-12-01"
}

const MORNING_HOUR = 9;
const WEEK_DAYS = 7;
/* Work of these orders is still to come. */
export const OPEN_STATUSES = ['draft', 'assigned', 'accepted', 'returned'] as const;

const pad = (number: number) => String(number).padStart(2, '0');

export function dayOf(date: Date): string {
    return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

export function dateOf(day: string): Date {
    return new Date(`${day}T00:00:00`);
}

export function plusDays(day: string, count: number): string {
    const date = dateOf(day);
    date.setDate(date.getDate() + count);
    return dayOf(date);
}

/* The seven days of the week, from Monday on, that `day` is in. */
export function weekOf(day: string): string[] {
    const monday = plusDays(day, -((dateOf(day).getDay() + 6) % 7));
    return Array.from({ length: WEEK_DAYS }, (_, i) => plusDays(monday, i));
}

export function isOpen(order: Order): boolean {
    return (OPEN_STATUSES as readonly string[]).includes(order.status ?? 'draft');
}

export function orderOf(row: Row): Order {
    return row as unknown as Order;
}

/* Open orders without a technician or a day, and those whose day is over: what has to be dispatched. */
export function toDispatch(orders: readonly Order[], weekBegin: string): Order[] {
    return orders.filter(
        (order) =>
            isOpen(order) && (order.technician === null || order.planned_start === null || dayOf(new Date(order.planned_start)) < weekBegin),
    );
}

export function at(orders: readonly Order[], place: Place): Order[] {
    return orders
        .filter(
            (order) => order.technician === place.technician && order.planned_start !== null && dayOf(new Date(order.planned_start)) === place.day,
        )
        .sort((a, b) => (a.planned_start ?? '').localeCompare(b.planned_start ?? ''));
}

/* The same time of day on another day; nine in the morning where there was none. */
export function startOn(day: string, former: string | null): string {
    const date = dateOf(day);
    const time = former === null ? null : new Date(former);
    date.setHours(time?.getHours() ?? MORNING_HOUR, time?.getMinutes() ?? 0, 0, 0);
    return date.toISOString();
}

/* Words of `set work_order ID`. A draft that gets a technician is assigned; what nobody has any more is a draft again. */
export function wordsToMove(order: Order, technician: string, start: string): string[] {
    const words = [`technician=${technician}`, `planned_start=${start}`];
    if (technician !== '' && (order.status === 'draft' || order.status === null || order.status === 'returned')) {
        words.push('status=assigned');
    } else if (technician === '' && (order.status === 'assigned' || order.status === 'accepted')) {
        words.push('status=draft');
    }
    return words;
}
