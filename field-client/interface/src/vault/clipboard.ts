/*
 * A secret on the clipboard for a short while. A browser may write there only while its window has the focus: where the person has gone
 * elsewhere, it is cleared as soon as they are back.
 */
export const CLIPBOARD_SECONDS = 30;

type Told = 'cleared' | 'later';
let pending: ReturnType<typeof setTimeout> | undefined;
let waits: (() => void) | undefined;

async function clear(tell: (told: Told) => void): Promise<void> {
    forgetWaiting();
    try {
        await navigator.clipboard.writeText('');
        tell('cleared');
    } catch {
        waits = () => void clear(tell);
        window.addEventListener('focus', waits, { once: true });
        tell('later');
    }
}

function forgetWaiting(): void {
    if (waits !== undefined) {
        window.removeEventListener('focus', waits);
        waits = undefined;
    }
}

/* False: the browser does not allow it. */
export async function copyForAWhile(secret: string, tell: (told: Told) => void): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(secret);
    } catch {
        return false;
    }
    clearTimeout(pending);
    forgetWaiting();
    pending = setTimeout(() => void clear(tell), CLIPBOARD_SECONDS * 1000);
    return true;
}
