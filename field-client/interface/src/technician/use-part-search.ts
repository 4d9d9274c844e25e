/* Parts that a text means: what is typed or scanned, a little after the last key. */
import { useEffect, useState } from 'preact/hooks';
import { option, useCommand } from '../api';
import type { Listed, Part } from './rows';

const PAUSE_MS = 120;
const FOUND_MAX = '12';

export function usePartSearch(text: string): { parts: readonly Part[]; searching: boolean } {
    const [wanted, setWanted] = useState(text);
    useEffect(() => {
        const timer = setTimeout(() => setWanted(text), PAUSE_MS);
        return () => clearTimeout(timer);
    }, [text]);
    const trimmed = wanted.trim();
    const found = useCommand<Listed<Part>>(trimmed === '' ? null : ['list', 'part', option('search', trimmed), option('limit', FOUND_MAX)]);
    const searching = text.trim() !== trimmed || found.loading;
    return { parts: found.data?.rows ?? [], searching };
}

/* The part whose code was typed in full comes first: a scan must not add its neighbour. */
export function exactFirst(parts: readonly Part[], text: string): readonly Part[] {
    const code = text.trim().toLowerCase();
    const exact = parts.filter((part) => part.code.toLowerCase() === code);
    return [...exact, ...parts.filter((part) => !exact.includes(part))];
}
