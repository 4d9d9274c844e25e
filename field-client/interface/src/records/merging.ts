/* Two rows that are one: which is kept, and from which each value is taken. Pure: tests/merging.test.ts. */
import { option } from '../api/words';
import type { EntityField, Row } from './entities';

export interface Merging {
    kept: Row;
    dropped: Row;
    chosen: Record<string, string>; // field → id of the row whose value people chose
}

function isEmpty(value: unknown): boolean {
    return value === null || value === undefined || value === '';
}

/* The one that was made first: ids begin with the time. */
export function olderOf(one: Row, other: Row): Row {
    return one.id < other.id ? one : other;
}

export function differingFields(fields: readonly EntityField[], one: Row, other: Row): EntityField[] {
    return fields.filter((field) => !field.computed && (one[field.name] ?? '') !== (other[field.name] ?? ''));
}

/* Does the kept row take this value of the dropped one? Unless people say so, only where it has none itself. */
export function isTaken({ kept, dropped, chosen }: Merging, field: EntityField): boolean {
    const choice = chosen[field.name];
    return choice === undefined ? isEmpty(kept[field.name]) : choice === dropped.id;
}

/* The words of the command. `fields`: those that differ and that may be taken. */
export function mergeWords(entity: string, merging: Merging, fields: readonly EntityField[]): string[] {
    const taken = fields.filter((field) => isTaken(merging, field)).map((field) => field.name);
    return ['merge', entity, merging.kept.id, merging.dropped.id, ...(taken.length > 0 ? [option('take', taken.join(','))] : [])];
}
