/* src/office/dispatch/board.ts: days, places and moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, plusDays, startOn, toDispatch, weekOf, wordsToMove, type Order } from '../src/office/dispatch/board';

function order(part: Partial<Order>): Order {
    return { id: 'o', number: 'PG-1', request: null, technician: null, planned_start: null, instruction: null, status: 'draft', labels: {}, ...part };
}

test('a week begins on Monday, also seen from Sunday and over a new year', () => {
    assert.equal(weekOf('2026-12-06')[0], '2026-11-30');
    assert.equal(weekOf('2026-11-30')[0], '2026-11-30');
    assert.deepEqual(weekOf('2027-01-01').slice(3, 5), ['2026-12-31', '2027-01-01']);
    assert.equal(plusDays('2026-02-28', 1), '2026-03-01');
});

test('another day keeps the time; a first day begins at nine', () => {
    const former = new Date(2026, 10, 30, 14, 30).toISOString();
    assert.equal(startOn('2026-12-02', former), new Date(2026, 11, 2, 14, 30).toISOString());
    assert.equal(startOn('2026-12-02', null), new Date(2026, 11, 2, 9, 0).toISOString());
});

test('a draft that gets a technician is assigned, and taken off it is a draft again', () => {
    assert.deepEqual(wordsToMove(order({}), 'li', 'then'), ['technician=li', 'planned_start=then', 'status=assigned']);
    assert.deepEqual(wordsToMove(order({ status: 'accepted' }), 'li', 'then'), ['technician=li', 'planned_start=then']);
    assert.deepEqual(wordsToMove(order({ status: 'assigned' }), '', ''), ['technician=', 'planned_start=', 'status=draft']);
    assert.deepEqual(wordsToMove(order({ status: 'on_site' }), '', ''), ['technician=', 'planned_start=']);
});

test('what waits: without technician or day, or from before this week; not what is finished', () => {
    const morning = new Date(2026, 11, 1, 9).toISOString();
    const planned = order({ id: 'planned', technician: 'li', planned_start: morning, status: 'assigned' });
    const waiting = [order({ id: 'bare' }), order({ id: 'no day', technician: 'li', status: 'assigned' })];
    const finished = order({ id: 'finished', status: 'finished' });
    const ids = (week: string) => toDispatch([planned, ...waiting, finished], week).map(({ id }) => id);
    assert.deepEqual(ids('2026-11-30'), ['bare', 'no day']);
    assert.deepEqual(ids('2026-12-07'), ['planned', 'bare', 'no day']);
    assert.deepEqual(at([planned, ...waiting], { technician: 'li', day: '2026-12-01' }), [planned]);
});
