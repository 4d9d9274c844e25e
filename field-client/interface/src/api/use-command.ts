/* Reads of commands, cached by their words and read again when rows changed. */
import { effect, signal, type Signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { language } from '../i18n/language';
import { CommandError, run } from './command';
import { appState, newsGeneration } from './state';

export interface Loaded<T> {
    data: T | undefined; // the last that was read, kept while it is read again
    error: CommandError | undefined; // of the last read
    loading: boolean;
}

interface Entry {
    words: readonly string[];
    state: Signal<Loaded<unknown>>;
    users: number;
    version: string; // what it was read at
    own: number; // and after how many of this page's own changes
    reading: string; // what is being read
}

const ENTRIES_MAX = 200;
const entries = new Map<string, Entry>();
/* Raised by this page's own changes, before the event of the program comes. */
const ownChanges = signal(0);

/* `still`: news do not count. */
function currentVersion(still: boolean): string {
    return `${still ? '' : newsGeneration.value} ${ownChanges.value} ${language.value}`;
}

function entryOf(words: readonly string[]): Entry {
    const key = JSON.stringify(words);
    let entry = entries.get(key);
    if (entry === undefined) {
        entry = { words, state: signal({ data: undefined, error: undefined, loading: true }), users: 0, version: '', own: 0, reading: '' };
        entries.set(key, entry);
        forgetUnused();
    }
    return entry;
}

function forgetUnused(): void {
    for (const [key, entry] of entries) {
        if (entries.size <= ENTRIES_MAX) {
            return;
        }
        if (entry.users === 0 && entry.reading === '') {
            entries.delete(key);
        }
    }
}

async function read(entry: Entry, version: string): Promise<void> {
    if (entry.version === version || entry.reading === version) {
        return;
    }
    // Read again only because of news: nobody uses the program by that, and it may lock.
    const unattended = entry.version !== '' && entry.own === ownChanges.peek();
    entry.own = ownChanges.peek();
    entry.reading = version;
    entry.state.value = { ...entry.state.peek(), loading: true };
    let next: Loaded<unknown>;
    try {
        next = { data: (await run(entry.words, { unattended })).json, error: undefined, loading: false };
    } catch (error) {
        const shown = error instanceof CommandError ? error : new CommandError('FAILED', String(error), -1);
        next = { data: entry.state.peek().data, error: shown, loading: false };
    }
    // Rows may have changed meanwhile: then a later read is on its way, and this one is old.
    if (entry.reading === version) {
        entry.version = version;
        entry.reading = '';
        entry.state.value = next;
    }
}

/* After a change by this page: everything that is shown is read again. */
export function rowsChanged(): void {
    ownChanges.value++;
}

/* Nothing of customers stays in memory when the program locks. */
export function forgetAll(): void {
    for (const entry of entries.values()) {
        entry.version = '';
        entry.reading = '';
        entry.state.value = { data: undefined, error: undefined, loading: true };
    }
    for (const [key, entry] of entries) {
        if (entry.users === 0) {
            entries.delete(key);
        }
    }
}

const NOTHING: Loaded<never> = { data: undefined, error: undefined, loading: false };

/* What `words` (without --json) answers, read again whenever rows change. null: nothing is asked.
 *
 * `still`: read again only after this page's own changes. For commands that ask the server: each answer is news itself.
 */
export function useCommand<T>(words: readonly string[] | null, { still = false } = {}): Loaded<T> & { again: () => void } {
    const key = words === null ? '' : JSON.stringify(words);
    const [shown, setShown] = useState<{ key: string; state: Loaded<unknown> }>({ key: '', state: NOTHING });
    useEffect(() => {
        if (words === null) {
            return undefined;
        }
        const entry = entryOf(words);
        entry.users++;
        const stopReading = effect(() => {
            const version = currentVersion(still);
            if (appState.value?.unlocked !== false) {
                queueMicrotask(() => void read(entry, version));
            }
        });
        const stopShowing = effect(() => setShown({ key, state: entry.state.value }));
        return () => {
            entry.users--;
            stopReading();
            stopShowing();
        };
    }, [key]);
    const again = () => {
        if (words !== null) {
            const entry = entryOf(words);
            entry.version = '';
            void read(entry, currentVersion(still));
        }
    };
    // Other words than in the last effect: what is cached of them, and never the rows of the former.
    const state = shown.key === key ? shown.state : words === null ? NOTHING : entryOf(words).state.peek();
    return { ...(state as Loaded<T>), again };
}
