/* The stream of events, however it is cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser } from '../src/api/event-stream';

const STREAM = ': hello\n\nevent: state\ndata: {"a":1}\n\nevent: state\r\ndata: {"a":\r\ndata: 2}\r\n\r\n';

test('events come out whole, comments do not', () => {
    for (let size = 1; size <= STREAM.length; size++) {
        const parser = new EventParser();
        const events = [];
        for (let i = 0; i < STREAM.length; i += size) {
            events.push(...parser.take(STREAM.slice(i, i + size)));
        }
        assert.deepEqual(events, [
            { event: 'state', data: '{"a":1}' },
            { event: 'state', data: '{"a":\n2}' },
        ]);
    }
});
