/* The state of a form that survives reload, crash and lock.
 *
 * `key` names what the form is about ("new part", "visit 0193…"); undefined: nothing is kept.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { drafts } from './store';

export interface Draft<T> {
    value: T;
    set: (next: T | ((before: T) => T)) => void;
    ready: boolean; // the draft was looked for: before, the form waits
    restored: boolean; // it was there
    drop: () => void; // saved, or thrown away: back to the beginning
}

export function useDraft<T>(key: string, initial: T): Draft<T> {
    const [value, setValue] = useState(initial);
    const [ready, setReady] = useState(false);
    const [restored, setRestored] = useState(false);
    const latest = useRef(initial);
    useEffect(() => {
        let gone = false;
        void drafts
            .load<T>(key)
            .catch(() => null)
            .then((found) => {
                if (!gone && found !== null) {
                    latest.current = found;
                    setValue(found);
                    setRestored(true);
                }
                if (!gone) {
                    setReady(true);
                }
            });
        return () => {
            gone = true;
        };
    }, [key]);
    return {
        value,
        ready,
        restored,
        set: (next) => {
            latest.current = typeof next === 'function' ? (next as (before: T) => T)(latest.current) : next;
            setValue(latest.current);
            drafts.save(key, latest.current);
        },
        drop: () => {
            latest.current = initial;
            setValue(initial);
            setRestored(false);
            drafts.drop(key);
        },
    };
}
