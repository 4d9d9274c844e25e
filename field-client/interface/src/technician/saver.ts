/*
 * Saves a text that is being typed: shortly after the last key, at once when asked to. One save at a time, the newest text wins. Where the
 * program was locked or did not answer it tries again until it is saved: the text outlives the field that it was typed into.
 */
import { CommandError } from '../api/command';

export type SaveState = 'saved' | 'typed' | 'saving' | 'failed';

export const PAUSE_MS = 400;
const AGAIN_MS = 3000;

/* A refusal does not get better by itself; a locked program is unlocked some time. */
function mayPass(error: unknown): boolean {
    return error instanceof CommandError && (error.locked || error.exit === -1);
}

export class Saver {
    state: SaveState = 'saved';
    error: CommandError | undefined;
    typed: string;
    private stored: string;
    private timer: ReturnType<typeof setTimeout> | undefined;
    private readonly listeners = new Set<() => void>();

    constructor(
        stored: string,
        private readonly save: (text: string) => Promise<void>,
    ) {
        this.typed = this.stored = stored;
    }

    get dirty(): boolean {
        return this.typed !== this.stored;
    }

    listen(listener: () => void): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    type(text: string): void {
        this.typed = text;
        this.tell(this.state === 'saving' ? 'saving' : 'typed', undefined);
        this.later(PAUSE_MS);
    }

    /* What the program has now: somebody else's change is taken over while nothing is typed here. */
    take(stored: string): void {
        if (!this.dirty && this.state !== 'saving') {
            this.typed = this.stored = stored;
        }
    }

    async flush(): Promise<void> {
        clearTimeout(this.timer);
        if (this.state === 'saving' || !this.dirty) {
            return;
        }
        const text = this.typed;
        this.tell('saving', undefined);
        try {
            await this.save(text);
            this.stored = text;
            this.tell(this.dirty ? 'typed' : 'saved', undefined);
            void this.flush();
        } catch (error) {
            this.tell('failed', error instanceof CommandError ? error : new CommandError('FAILED', String(error), 1));
            if (mayPass(error)) {
                this.later(AGAIN_MS);
            }
        }
    }

    private later(wait: number): void {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.flush(), wait);
    }

    private tell(state: SaveState, error: CommandError | undefined): void {
        this.state = state;
        this.error = error;
        this.listeners.forEach((listener) => listener());
    }
}
