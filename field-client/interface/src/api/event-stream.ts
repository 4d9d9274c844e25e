/* The text/event-stream of fetch, cut into events. Pure: tests/event-stream.test.ts. */

export interface StreamEvent {
    event: string;
    data: string;
}

/* Takes pieces of text as they come and returns the events that are complete. Comments are left out. */
export class EventParser {
    private rest = '';

    take(text: string): StreamEvent[] {
        const blocks = (this.rest + text).replace(/\r\n/g, '\n').split('\n\n');
        this.rest = blocks.pop() ?? '';
        return blocks.map(parseBlock).filter((event): event is StreamEvent => event !== null);
    }
}

function parseBlock(block: string): StreamEvent | null {
    let event = 'message';
    const data: string[] = [];
    for (const line of block.split('\n')) {
        const match = /^(event|data): ?(.*)$/.exec(line);
        if (match?.[1] === 'event') {
            event = match[2] ?? '';
        } else if (match?.[1] === 'data') {
            data.push(match[2] ?? '');
        }
    }
    return data.length === 0 ? null : { event, data: data.join('\n') };
}
