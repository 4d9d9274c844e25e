/* src/office/dashboard/figures.ts: what is counted, and what is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysUntil, fixedAtOnce, madeAt, ordersByAge, partsUsed, respondedInTime, visitsPerDay } from '../src/office/dashboard/figures';

const now = Date.parse('2026-12-03T12:00:00.000Z');
const ago = (hours: number) => new Date(now - hours * 3_600_000).toISOString();

test('an id tells when its row was made', () => {
    assert.equal(new Date(madeAt('01a22fa3-c13c-7000-8166-6484668c679a')).toISOString(), '2026-12-01T03:26:30.716Z');
});

test('visits are counted on the day of arrival, days without any too', () => {
    const visits = [
        { id: 'a', arrived_at: new Date(2026, 11, 1, 23, 59).toISOString() },
        { id: 'b', arrived_at: new Date(2026, 11, 3, 0, 1).toISOString() },
        { id: 'c', arrived_at: null },
        { id: 'd', arrived_at: new Date(2026, 10, 1).toISOString() },
    ];
    assert.deepEqual(visitsPerDay(visits, daysUntil('2026-12-03', 3)), [1, 0, 1]);
});

test('the age of an order counts from its request', () => {
    const requests = new Map([['r', { id: 'r', received_at: ago(5 * 24) }]]);
    const made = Math.floor(now - 2 * 24 * 3_600_000).toString(16).padStart(12, '0');
    const orders = [{ id: 'o', request: 'r' }, { id: `${made.slice(0, 8)}-${made.slice(8)}-7000` }];
    assert.deepEqual(ordersByAge(orders, requests, now), [0, 1, 1, 0, 0]);
});

test('response: within 24 hours, later, not at all; what may still be answered does not count', () => {
    const requests = ['quick', 'late', 'never', 'fresh', 'unknown'].map((id) => ({ id, received_at: id === 'fresh' ? ago(2) : id === 'unknown' ? null : ago(72) }));
    const orders = requests.map(({ id }) => ({ id: `order ${id}`, request: id }));
    const visits = [
        { id: '1', work_order: 'order quick', arrived_at: ago(50) },
        { id: '2', work_order: 'order quick', arrived_at: ago(10) },
        { id: '3', work_order: 'order late', arrived_at: ago(40) },
    ];
    assert.deepEqual(respondedInTime(requests, orders, visits, now), { count: 1, of: 3 });
});

test('the first visit decides whether an order was fixed at once', () => {
    const orders = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
    const visits = [
        { id: '2', work_order: 'a', arrived_at: ago(1), result: 'solved' },
        { id: '1', work_order: 'a', arrived_at: ago(9), result: 'partly' },
        { id: '3', work_order: 'b', arrived_at: ago(3), result: 'solved' },
    ];
    assert.deepEqual(fixedAtOnce(orders, visits), { count: 1, of: 2 });
});

test('parts are added up, most used first', () => {
    const movement = (part: string, quantity: number) => ({ id: `${part}${quantity}`, part, quantity, labels: { part: `part ${part}` } });
    assert.deepEqual(partsUsed([movement('a', 2), movement('b', 4), movement('a', 3)], 1), [{ part: 'a', label: 'part a', quantity: 5 }]);
});
