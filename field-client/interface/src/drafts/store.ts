/* Where drafts are kept: in the replica, which is encrypted, by the command draft. The browser's own storage is plain text on the
 * disk and keeps nothing of customers.
 *
 * A write goes out soon after a keystroke with what was typed until then, at once when the page is left, and again later
 * where the program was locked or did not answer; until then the page has it.
 */
import { run, CommandError } from '../api';

const TYPING_MS = 400;
const AGAIN_MS = 3000;

interface Pending {
    text: string | null; // JSON; null: dropped
    timer: ReturnType<typeof setTimeout> | undefined;
    going: boolean;
}

const pending = new Map<string, Pending>();

async function write(key: string, keepalive: boolean): Promise<void> {
    const entry = pending.get(key);
    if (entry === undefined || entry.going) {
        return;
    }
    clearTimeout(entry.timer);
    entry.timer = undefined;
    const text = entry.text;
    entry.going = true;
    try {
        await (text === null ? run(['draft', 'drop', key], { keepalive }) : run(['draft', 'put', key], { input: text, keepalive }));
        entry.going = false;
        if (entry.text === text) {
            pending.delete(key);
        } else {
            schedule(key, entry, 0);
        }
    } catch (error) {
        entry.going = false;
        // What is wrong does not get better; a lock and a program that does not answer do.
        const hopeless = error instanceof CommandError && (error.exit === 2 || error.exit === 1);
        if (hopeless) {
            pending.delete(key);
        } else {
            schedule(key, entry, AGAIN_MS);
        }
    }
}

function schedule(key: string, entry: Pending, wait: number): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => void write(key, false), wait);
}

function put(key: string, text: string | null, wait: number): void {
    const entry = pending.get(key) ?? { text, timer: undefined, going: false };
    entry.text = text;
    pending.set(key, entry);
    // Not put off by the next keystroke: who types without a pause loses no more than `wait`.
    if (entry.timer === undefined || wait === 0) {
        schedule(key, entry, wait);
    }
}

export const drafts = {
    save(key: string, value: unknown): void {
        put(key, JSON.stringify(value), TYPING_MS);
    },
    drop(key: string): void {
        put(key, null, 0);
    },
    /* The draft, or null where there is none. */
    async load<T>(key: string): Promise<T | null> {
        const waiting = pending.get(key);
        if (waiting !== undefined) {
            return waiting.text === null ? null : (JSON.parse(waiting.text) as T);
        }
        try {
            return (await run<{ draft: T | null }>(['draft', 'get', key])).json.draft;
        } catch (error) {
            if (error instanceof CommandError && error.status === 'NOT_FOUND') {
                return null;
            }
            throw error;
        }
    },
};

if (typeof document !== 'undefined') {
    document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'hidden') {
            for (const key of pending.keys()) {
                void write(key, true);
            }
        }
    });
}
