/* A text field that saves itself: see saver.ts. What was typed and not saved is there again when the field is. */
import { useEffect, useState } from 'preact/hooks';
import { rowsChanged, run } from '../api';
import { Saver } from './saver';

/* Of fields that are shown, and of those that could not be saved yet. */
const savers = new Map<string, Saver>();

function saverOf(entity: string, id: string, field: string, stored: string): Saver {
    const key = `${entity} ${id} ${field}`;
    let saver = savers.get(key);
    if (saver === undefined) {
        saver = new Saver(stored, async (text) => {
            await run(['set', entity, id, `${field}=${text}`], { keepalive: true });
            rowsChanged();
        });
        savers.set(key, saver);
    }
    saver.take(stored);
    return saver;
}

export function useAutosave(entity: string, id: string, field: string, stored: string): Saver {
    const saver = saverOf(entity, id, field, stored);
    const [, redraw] = useState(0);
    useEffect(() => {
        const flush = () => void saver.flush();
        const forget = saver.listen(() => redraw((n) => n + 1));
        document.addEventListener('visibilitychange', flush);
        window.addEventListener('pagehide', flush);
        return () => {
            forget();
            document.removeEventListener('visibilitychange', flush);
            window.removeEventListener('pagehide', flush);
            void saver.flush().then(() => saver.dirty || savers.delete(`${entity} ${id} ${field}`));
        };
    }, [saver]);
    return saver;
}

/* Before what was typed counts: a signature is for the text that is on the screen. */
export async function saveAll(): Promise<boolean> {
    await Promise.all([...savers.values()].map((saver) => saver.flush()));
    return [...savers.values()].every((saver) => !saver.dirty);
}
