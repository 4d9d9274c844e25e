/* What a conflict is about, and what a decision about it changes. Pure: tests/office-conflict.test.ts. */
import type { Row } from '../../records/entities';

export interface Conflict {
    id: string;
    entity: string;
    row: string | null;
    field: string; // first field of what is decided as one, or "_deleted"
    losing_text: string | null;
    losing_author: string | null;
    losing_at: string | null;
    shown_text: string | null;
    shown_author: string | null;
    shown_at: string | null;
    row_label: string;
}

export interface Change {
    change: number;
    kind: string;
    from: string;
    author?: string;
    device?: string;
    claimed?: string | null;
    deleted: boolean;
    fields: Record<string, { before: unknown; after: unknown }>;
}

export type Choice = { kind: 'current' } | { kind: 'other' } | { kind: 'value'; value: string };

export function wordOf(choice: Choice): string {
    return choice.kind === 'value' ? `value=${choice.value}` : choice.kind;
}

/* What stood in the field before either of the two wrote it: the earlier of their changes knows. undefined: not kept any more. */
export function baseOf(conflict: Conflict, changes: readonly Change[]): unknown {
    const theirs = changes.filter(
        (change) =>
            change.fields[conflict.field] !== undefined &&
            ((change.author === conflict.losing_author && change.claimed === conflict.losing_at) ||
                (change.author === conflict.shown_author && change.claimed === conflict.shown_at)),
    );
    return theirs[0]?.fields[conflict.field]?.before;
}

/* Words of `set` that write what differs between two states of a row as it was before. */
export function wordsToUndo(before: Row, after: Row): string[] {
    return Object.keys(before)
        .filter((name) => name !== 'id' && name !== 'labels' && !name.startsWith('_') && before[name] !== after[name])
        .map((name) => `${name}=${before[name] === null || before[name] === undefined ? '' : String(before[name])}`);
}
