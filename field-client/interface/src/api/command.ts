/* Runs the commands of field-client/commands/README.md: the same words, their JSON back. */
import { language } from '../i18n/language';
import { decoded } from './decoded';
import { authorization, endSession } from './session';

export interface Answer<T> {
    exit: number;
    json: T;
    remarks: string; // of standard error: warnings, in the language of the person
}

export interface RunOptions {
    input?: string | Uint8Array | Blob; // standard input
    signal?: AbortSignal;
    keepalive?: boolean; // goes on when the page is left
    unattended?: boolean; // not asked for by a person: does not put off the lock
}

/* A command that failed. `text` is for people, in their language; `status` is for programs. */
export class CommandError extends Error {
    override name = 'CommandError';
    constructor(
        readonly status: string,
        readonly text: string,
        readonly exit: number,
        readonly json: unknown = null, // what the command says besides, if it failed
        readonly remarks = '',
    ) {
        super(text);
    }
    get locked(): boolean {
        return this.exit === 3;
    }
}

export function commandPath(words: readonly string[]): string {
    return `/api/command?${words.map((word) => `word=${encodeURIComponent(word)}`).join('&')}`;
}

async function post(path: string, options: RunOptions, type: string): Promise<Response> {
    const init: RequestInit = {
        method: 'POST',
        headers: {
            ...authorization(),
            'Accept-Language': language.peek() === 'zh' ? 'zh-CN' : 'en',
            'Content-Type': type,
            ...(options.unattended === true ? { 'Countersign-Unattended': '1' } : {}),
        },
        body: (options.input ?? '') as BodyInit,
        keepalive: options.keepalive ?? false,
    };
    if (options.signal !== undefined) {
        init.signal = options.signal;
    }
    let response: Response;
    try {
        response = await fetch(path, init);
    } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') {
            throw error;
        }
        throw new CommandError('UNREACHABLE', '', -1);
    }
    if (response.status === 401) {
        endSession();
        throw new CommandError('SESSION_ENDED', '', -1);
    }
    return response;
}

function remarksOf(response: Response): string {
    return decoded(response.headers.get('Countersign-Remarks') ?? '');
}

function exitOf(response: Response): number {
    const header = response.headers.get('Countersign-Exit');
    return header === null ? (response.ok ? 0 : -1) : Number(header);
}

export function errorOf(exit: number, body: string, remarks: string): CommandError {
    try {
        const json = JSON.parse(body) as { error?: { status?: string; text?: string } };
        return new CommandError(json.error?.status ?? 'FAILED', json.error?.text ?? remarks.trim(), exit, json, remarks);
    } catch {
        return new CommandError('FAILED', remarks.trim() || body.slice(0, 500), exit, null, remarks);
    }
}

/* Before what people typed, which may stand behind "--". */
export function withJson(words: readonly string[]): string[] {
    return [...words.slice(0, 1), '--json', ...words.slice(1)];
}

/* Runs `words` with --json. Throws CommandError where it fails: of exit code 1 with what the command answered in `json`. */
export async function run<T = unknown>(words: readonly string[], options: RunOptions = {}): Promise<Answer<T>> {
    const response = await post(commandPath(withJson(words)), options, 'application/octet-stream');
    const body = await response.text();
    const exit = exitOf(response);
    const remarks = remarksOf(response);
    if (exit !== 0) {
        throw errorOf(exit, body, remarks);
    }
    try {
        return { exit, remarks, json: JSON.parse(body) as T };
    } catch {
        throw new CommandError('NOT_JSON', body.slice(0, 500), exit, null, remarks);
    }
}

/* Runs `words` as they are; standard output as bytes: files, pictures, CSV. */
export async function runBytes(words: readonly string[], options: RunOptions = {}): Promise<Answer<Blob>> {
    const response = await post(commandPath(words), options, 'application/octet-stream');
    const exit = exitOf(response);
    const remarks = remarksOf(response);
    if (exit !== 0) {
        throw errorOf(exit, await response.text(), remarks);
    }
    return { exit, remarks, json: await response.blob() };
}

/* What is no command: joining. */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
    const response = await post(path, { input: JSON.stringify(body) }, 'application/json');
    const text = await response.text();
    if (!response.ok) {
        throw errorOf(exitOf(response), text, remarksOf(response));
    }
    return (text === '' ? null : JSON.parse(text)) as T;
}
