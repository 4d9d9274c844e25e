/*
 * What waits for approval. The command asks the server each time and keeps what it heard, which counts as a change: read like other lists, with
 * every change, it would be asked for ever. So it is read when the page opens, when the status counts something else, and on request.
 */
import { useEffect, useState } from 'preact/hooks';
import { CommandError, run, type Loaded } from '../api';
import { useStatus } from '../app/status';
import { language } from '../i18n';
import type { Waiting } from './types';

interface WaitingAnswer {
    waiting: Waiting[];
}

export function useWaiting(): Loaded<WaitingAnswer> & { again: () => void } {
    const notes = useStatus().data?.vault_notes;
    const counted = notes === undefined ? '' : `${notes.to_approve} ${notes.to_open} ${notes.to_send} ${notes.refused.length}`;
    const [asked, setAsked] = useState(0);
    const [shown, setShown] = useState<Loaded<WaitingAnswer>>({ data: undefined, error: undefined, loading: true });
    const chosen = language.value;
    useEffect(() => {
        const abort = new AbortController();
        setShown((before) => ({ ...before, loading: true }));
        run<WaitingAnswer>(['vault', 'waiting'], { signal: abort.signal }).then(
            ({ json }) => setShown({ data: json, error: undefined, loading: false }),
            (error: unknown) => {
                if (!abort.signal.aborted) {
                    const failure = error instanceof CommandError ? error : new CommandError('FAILED', String(error), -1);
                    setShown((before) => ({ data: before.data, error: failure, loading: false }));
                }
            },
        );
        return () => abort.abort();
    }, [counted, asked, chosen]);
    return { ...shown, again: () => setAsked(asked + 1) };
}
