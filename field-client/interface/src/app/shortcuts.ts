/* Keys that work everywhere. Single letters can be switched off, for those who speak to their computer (WCAG 2.1.4). */
import { signal } from '@preact/signals';

const KEY = 'countersign.single_keys';

export const openDialog = signal<'palette' | 'help' | null>(null);
export const singleKeys = signal(localStorage.getItem(KEY) !== 'off');

export function setSingleKeys(on: boolean): void {
    localStorage.setItem(KEY, on ? 'on' : 'off');
    singleKeys.value = on;
}

function isTyping(target: EventTarget | null): boolean {
    return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

/* The first of `selector` in the page, not in the frame around it. */
function inPage(selector: string): HTMLElement | null {
    return document.querySelector<HTMLElement>(`main ${selector}`);
}

function onSingleKey(key: string): boolean {
    switch (key) {
        case '?':
            openDialog.value = 'help';
            return true;
        case '/': {
            const search = inPage('input[type=search]');
            search?.focus();
            return search !== null;
        }
        case 'n': {
            const create = inPage('[data-shortcut=new]');
            create?.click();
            return create !== null;
        }
        case 'e': {
            const edit = inPage('[data-shortcut=edit]');
            edit?.click();
            return edit !== null;
        }
        default:
            return false;
    }
}

function onKeyDown(event: KeyboardEvent): void {
    const modified = event.ctrlKey || event.metaKey;
    if (modified && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        openDialog.value = openDialog.peek() === 'palette' ? null : 'palette';
    } else if (modified && event.key === 'Enter' && event.target instanceof HTMLElement) {
        event.target.closest('form')?.requestSubmit();
    } else if (!modified && !event.altKey && singleKeys.peek() && !isTyping(event.target) && document.querySelector('dialog[open]') === null && onSingleKey(event.key)) {
        event.preventDefault();
    }
}

/* For as long as the pages are shown. */
export function listenToKeys(): () => void {
    window.addEventListener('keydown', onKeyDown);
    return () => {
        window.removeEventListener('keydown', onKeyDown);
        openDialog.value = null;
    };
}
