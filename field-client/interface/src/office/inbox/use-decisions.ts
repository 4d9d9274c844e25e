/* Deciding conflicts, several at once if wanted, and taking decisions back. */
import { useState } from 'preact/hooks';
import { CommandError, rowsChanged, run } from '../../api';
import type { Row } from '../../records/entities';
import { wordOf, wordsToUndo, type Choice, type Conflict } from './conflict';

export interface Decision {
    conflict: Conflict;
    undo: string[]; // words of `set` behind the row; none: the row is as it was
}

export interface Failure {
    conflict: Conflict;
    error: CommandError;
}

function asError(failure: unknown): CommandError {
    return failure instanceof CommandError ? failure : new CommandError('FAILED', String(failure), -1);
}

/* null where the row is gone: deciding about a deletion has two such sides. */
async function stateOf(conflict: Conflict): Promise<Row | null> {
    try {
        return (await run<Row>(['get', conflict.entity, conflict.row ?? ''])).json;
    } catch {
        return null;
    }
}

async function decideOne(conflict: Conflict, choice: Choice): Promise<Decision> {
    const before = await stateOf(conflict);
    await run(['resolve', conflict.id, wordOf(choice)]);
    const after = await stateOf(conflict);
    return { conflict, undo: before === null || after === null ? [] : wordsToUndo(before, after) };
}

export function useDecisions() {
    const [busy, setBusy] = useState(false);
    const [done, setDone] = useState<Decision[]>([]);
    const [failures, setFailures] = useState<Failure[]>([]);

    /* Each by itself: one that fails does not hold up the others. */
    const each = async <Item extends { conflict: Conflict }>(items: readonly Item[], act: (item: Item) => Promise<void>) => {
        const failed: Failure[] = [];
        setBusy(true);
        for (const item of items) {
            await act(item).catch((failure: unknown) => failed.push({ conflict: item.conflict, error: asError(failure) }));
        }
        setFailures(failed);
        setBusy(false);
        rowsChanged();
        return failed.length === 0;
    };
    return {
        busy,
        done,
        failures,
        decide: async (conflicts: readonly Conflict[], choice: Choice) => {
            const decided: Decision[] = [];
            const good = await each(
                conflicts.map((conflict) => ({ conflict })),
                async ({ conflict }) => void decided.push(await decideOne(conflict, choice)),
            );
            setDone((former) => [...former.filter((old) => !decided.some((now) => now.conflict.id === old.conflict.id)), ...decided]);
            return good;
        },
        undo: (decisions: readonly Decision[]) =>
            each(decisions, async ({ conflict, undo }) => {
                await run(['set', conflict.entity, conflict.row ?? '', ...undo]);
                setDone((former) => former.map((each) => (each.conflict.id === conflict.id ? { ...each, undo: [] } : each)));
            }),
    };
}
