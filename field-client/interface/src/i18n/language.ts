/* The language of the pages: chosen once, remembered, switched at once. */
import { signal } from '@preact/signals';

export type Language = 'zh' | 'en';

const KEY = 'countersign.language';

function first(): Language {
    const kept = typeof localStorage === 'undefined' ? null : localStorage.getItem(KEY);
    if (kept === 'zh' || kept === 'en') {
        return kept;
    }
    // Chinese first: English only for those whose browser asks for it and for no Chinese.
    const wanted = typeof navigator === 'undefined' ? [] : navigator.languages;
    return wanted.some((tag) => tag.startsWith('zh')) || !wanted.some((tag) => tag.startsWith('en')) ? 'zh' : 'en';
}

export const language = signal<Language>(first());

export function setLanguage(next: Language): void {
    localStorage.setItem(KEY, next);
    language.value = next;
}
