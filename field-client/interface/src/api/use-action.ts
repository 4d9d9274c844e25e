/* A change that a person asks for: one at a time, its failure kept to be shown beside what asked for it. */
import { useState } from 'preact/hooks';
import { CommandError, run, type Answer, type RunOptions } from './command';
import { rowsChanged } from './use-command';

export interface Action {
    busy: boolean;
    error: CommandError | undefined;
    /* The answer, or undefined where it failed. */
    run: <T = unknown>(words: readonly string[], options?: RunOptions) => Promise<Answer<T> | undefined>;
    clear: () => void;
}

export function useAction(): Action {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<CommandError>();
    return {
        busy,
        error,
        clear: () => setError(undefined),
        run: async <T>(words: readonly string[], options?: RunOptions) => {
            setBusy(true);
            setError(undefined);
            try {
                const answer = await run<T>(words, options);
                rowsChanged();
                return answer;
            } catch (failure) {
                setError(failure instanceof CommandError ? failure : new CommandError('FAILED', String(failure), -1));
                return undefined;
            } finally {
                setBusy(false);
            }
        },
    };
}
