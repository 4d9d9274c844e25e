/* What the program says of itself, kept up to date by its stream of events. */
import { batch, signal } from '@preact/signals';
import { EventParser } from './event-stream';
import { authorization, endSession } from './session';

export interface AppState {
    unlocked: boolean;
    joined: boolean;
    syncing: boolean;
    generation: number; // rises when rows of the replica changed
}

/* null: not known yet. */
export const appState = signal<AppState | null>(null);
export const connection = signal<'connecting' | 'open' | 'lost'>('connecting');

/* The generation that pages follow: news that come quickly one after another are taken together. */
export const newsGeneration = signal(0);
const NEWS_MS = 1000;
let newsTimer: ReturnType<typeof setTimeout> | undefined;
let newsAt = 0;

function followNews(generation: number): void {
    clearTimeout(newsTimer);
    const take = () => {
        newsAt = Date.now();
        newsGeneration.value = generation;
    };
    const wait = newsAt + NEWS_MS - Date.now();
    if (wait <= 0) {
        take();
    } else {
        newsTimer = setTimeout(take, wait);
    }
}

const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 5000;
/* A comment comes every 15 s: a stream that is silent for longer is dead. */
const SILENT_MAX_MS = 40000;

async function listenOnce(): Promise<void> {
    const abort = new AbortController();
    let alarm = setTimeout(() => abort.abort(), SILENT_MAX_MS);
    try {
        const response = await fetch('/api/events', { headers: authorization(), signal: abort.signal });
        if (response.status === 401) {
            endSession();
            return;
        }
        if (!response.ok || response.body === null) {
            return;
        }
        const parser = new EventParser();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
            const { done, value } = await reader.read();
            if (done) {
                return;
            }
            clearTimeout(alarm);
            alarm = setTimeout(() => abort.abort(), SILENT_MAX_MS);
            for (const event of parser.take(value)) {
                if (event.event === 'state') {
                    batch(() => {
                        connection.value = 'open';
                        const state = JSON.parse(event.data) as AppState;
                        appState.value = state;
                        followNews(state.generation);
                    });
                }
            }
        }
    } finally {
        clearTimeout(alarm);
        abort.abort();
    }
}

/* Listens for as long as the session is open. */
export async function listen(isOpen: () => boolean): Promise<void> {
    let wait = RETRY_MIN_MS;
    while (isOpen()) {
        connection.value = appState.peek() === null ? 'connecting' : connection.peek();
        const begun = Date.now();
        await listenOnce().catch(() => undefined);
        if (!isOpen()) {
            return;
        }
        connection.value = 'lost';
        wait = Date.now() - begun > RETRY_MAX_MS ? RETRY_MIN_MS : Math.min(wait * 2, RETRY_MAX_MS);
        await new Promise((resolve) => setTimeout(resolve, wait));
    }
}
