/* What the technician's pages compute: signatures, the way of a day, the van, and what is left of a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countdown } from '../src/technician/countdown';
import { byRoute, isOpen } from '../src/technician/route-order';
import { drawingOf, fromPad, pointCount, toPad, type Strokes } from '../src/technician/strokes';
import { balances } from '../src/technician/van-stock';

const STROKES: Strokes = [
    [
        [1.2, 2, 0],
        [3, 4.5, 16],
    ],
    [[7, 8, 300]],
];

test('strokes are tenths of a pixel, counted from the first point; empty ones are none', () => {
    const pad = [
        { points: [{ x: 1.23, y: 2, time: 1000 }, { x: 3, y: 4.46, time: 1016.4 }] },
        { points: [] },
        { points: [{ x: 7, y: 8, time: 1300 }] },
    ];
    assert.deepEqual(fromPad(pad), STROKES);
    assert.deepEqual(fromPad([]), []);
    assert.equal(pointCount(STROKES), 3);
    assert.equal(pointCount([]), 0);
});

test('a signature that is drawn again is the same, and goes on now', () => {
    const again = toPad(STROKES, '#000', 50_000);
    assert.deepEqual(fromPad(again), STROKES);
    assert.equal(again[1]?.points[0]?.time, 50_000);
    assert.deepEqual(fromPad([...again, { points: [{ x: 9, y: 9, time: 50_100 }] }])[2], [[9, 9, 400]]);
    assert.deepEqual(toPad([], '#000', 1), []);
});

test('a drawing has a line for each stroke, a dot too, in a box around them', () => {
    const drawing = { lines: ['1.2,2 3,4.5', '7,8 7,8'], box: '-2.8 -2 13.8 14' };
    assert.deepEqual(drawingOf(STROKES), drawing);
    assert.deepEqual(drawingOf([{ points: [{ x: 1.2, y: 2 }, { x: 3, y: 4.5 }] }, { points: [{ x: 7, y: 8 }] }]), drawing);
    assert.deepEqual(drawingOf('nothing'), { lines: [], box: '-4 -4 9 9' });
});

test('orders go by time, then urgency, then number; those without a time come last', () => {
    const order = (number: string, planned_start: string | null, request: string) => ({ number, planned_start, request });
    const orders = [
        order('5', null, 'urgent'),
        order('4', '2026-05-04T10:00:00Z', 'low'),
        order('3', '2026-05-04T10:00:00Z', 'unheard'),
        order('2', '2026-05-04T10:00:00Z', 'normal'),
        order('1', '2026-05-04T10:00:00Z', 'urgent'),
        order('0', '2026-05-04T08:00:00Z', 'low'),
    ];
    const sorted = byRoute(orders, (request) => request);
    assert.deepEqual(sorted.map(({ number }) => number), ['0', '1', '2', '3', '4', '5']);
    assert.equal(orders[0]?.number, '5', 'what was given stays in its order');
});

test('an order is open from its assignment until it is over', () => {
    for (const status of ['finished', 'reconciled', 'cancelled', 'returned', 'draft']) {
        assert.ok(!isOpen({ status }), status);
    }
    assert.ok(isOpen({ status: 'started' }));
    assert.ok(isOpen({ status: null }));
});

test('a van has what came into it less what went out', () => {
    const move = (part: string, from: string | null, to: string | null, quantity: number) => ({ part, from, to, quantity });
    const stock = balances('van', [move('a', 'store', 'van', 5), move('a', 'van', null, 2), move('b', 'van', 'store', 1), move('c', 'van', 'van', 4)]);
    assert.deepEqual([...stock], [['a', 3], ['b', -1], ['c', 0]]);
});

test('what is left is hours, minutes and seconds, and never less than nothing', () => {
    assert.equal(countdown(0), '0:00');
    assert.equal(countdown(-5000), '0:00');
    assert.equal(countdown(239_999), '3:59');
    assert.equal(countdown(3_600_000), '1:00:00');
    assert.equal(countdown(26 * 3_600_000 + 239_000), '26:03:59');
});
