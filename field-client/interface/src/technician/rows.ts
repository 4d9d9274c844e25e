/* Rows as the technician's pages read them, and the hooks that read them. */
import { option, useCommand } from '../api';
import { useStatus } from '../app/status';
import { labelOf, useEntity, type Row } from '../records/entities';

export type Labels = Record<string, string | null>;

export interface WorkOrder {
    id: string;
    number: string | null;
    request: string | null;
    technician: string | null;
    planned_start: string | null;
    instruction: string | null;
    status: string | null;
    labels: Labels;
}

export interface Request {
    id: string;
    customer: string | null;
    system: string | null;
    site: string | null;
    reported_fault: string;
    priority: string | null;
    contact: string | null;
    contact_phone: string | null;
    resolve_by: string | null;
    labels: Labels;
}

export interface Customer {
    id: string;
    code: string | null;
    name: string;
    address: string | null;
    phone: string | null;
    note: string | null;
}

export interface Site {
    id: string;
    customer: string;
    name: string | null;
    address: string | null;
    contact: string | null;
    phone: string | null;
}

export interface System {
    id: string;
    name: string;
    kind: string | null;
    address: string | null;
    site: string | null;
    project: string | null;
    note: string | null;
    labels: Labels;
}

export interface Movement {
    id: string;
    part: string;
    from: string | null;
    to: string | null;
    quantity: number;
    serial: string | null;
    reason: string | null;
    visit: string | null;
    moved_at: string | null;
    labels: Labels;
}

export interface Visit {
    id: string;
    work_order: string | null;
    departed_at: string | null;
    arrived_at: string | null;
    left_at: string | null;
    actual_fault: string | null;
    work_done: string | null;
    result: string | null;
    note: string | null;
    status: string | null;
    labels: Labels;
    parts: Movement[];
    receipt: string | null; // its number
}

export interface Part {
    id: string;
    code: string;
    name: string;
    category: string | null;
    unit: string | null;
    price_cents: number | null;
    spec: string | null;
}

export interface Listed<T> {
    rows: T[];
    more: boolean;
}

/* What a list of one person's own things can hold at most on these pages. */
const ROWS_MAX = '2000';

/* null as id: nothing is asked. */
export function useRow<T>(entity: string, id: string | null | undefined) {
    return useCommand<T>(id === null || id === undefined ? null : ['get', entity, id]);
}

/* null as a filter: nothing is asked. */
export function useRows<T>(entity: string, filters: readonly string[] | null) {
    return useCommand<Listed<T>>(filters === null ? null : ['list', entity, ...filters, option('limit', ROWS_MAX)]);
}

export function usePerson(): string | undefined {
    return useStatus().data?.person;
}

/* The name of a choice in the language of the person. */
export function useChoice(entity: string, field: string): (value: string | null | undefined) => string {
    const choices = useEntity(entity)?.fields.find((each) => each.name === field)?.choices ?? [];
    return (value) => {
        const found = choices.find((choice) => choice.name === value);
        return found === undefined ? (value ?? '') : labelOf(found);
    };
}

/* What a work order is about: who, where, what. Any of it may not be on this laptop. */
export interface Place {
    request: Request | undefined;
    customer: Customer | undefined;
    site: Site | undefined;
    system: System | undefined;
}

export function usePlace(request: string | null | undefined): Place {
    const asked = useRow<Request>('service_request', request).data;
    const system = useRow<System>('system', asked?.system).data;
    const site = useRow<Site>('site', asked?.site ?? system?.site).data;
    const customer = useRow<Customer>('customer', asked?.customer ?? site?.customer).data;
    return { request: asked, customer, site, system };
}

export type { Row };
