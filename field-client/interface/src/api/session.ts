/* Who may speak with the program: the token of the address is taken once, and what it is exchanged for lives as long as the window. */
import { signal } from '@preact/signals';
import { decoded } from './decoded';

export type SessionState = 'starting' | 'open' | 'ended';

const KEY = 'countersign.bearer';
export const session = signal<SessionState>('starting');
let bearer: string | null = null;

/* The token of "#token=…". */
export function tokenOf(hash: string): string | null {
    const match = /^#token=([^&]+)/.exec(hash);
    return match === null ? null : decoded(match[1] ?? '');
}

/* Taken out of the address at once so that no history keeps it. */
function takeToken(): string | null {
    const token = tokenOf(location.hash);
    if (token !== null) {
        history.replaceState(null, '', location.pathname);
    }
    return token;
}

async function exchange(token: string): Promise<string | null> {
    const response = await fetch('/api/session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ token }),
    });
    if (!response.ok) {
        return null;
    }
    const answer = (await response.json()) as { bearer: string };
    return answer.bearer;
}

export async function openSession(): Promise<void> {
    const token = takeToken();
    bearer = sessionStorage.getItem(KEY);
    if (token !== null) {
        try {
            bearer = (await exchange(token)) ?? bearer;
        } catch {
            // The program is not there: the same as a token that is over.
        }
    }
    if (bearer === null) {
        endSession();
        return;
    }
    sessionStorage.setItem(KEY, bearer);
    session.value = 'open';
}

export function endSession(): void {
    bearer = null;
    sessionStorage.removeItem(KEY);
    session.value = 'ended';
}

export function authorization(): Record<string, string> {
    return bearer === null ? {} : { Authorization: `Bearer ${bearer}` };
}
