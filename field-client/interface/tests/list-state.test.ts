/* A list's state: in the address, and as the words of list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastWidth, pageWords, rowsInSight } from '../src/design/VirtualList';
import { queryOfState, stateOfQuery, wordsOfState, type ListState } from '../src/records/list-state';

const STATE: ListState = {
    search: ' 继电 器 ',
    sort: 'code',
    descending: true,
    equal: { status: 'open', site: '' },
    from: { planned_start: '2026-01-01' },
    to: { planned_start: '' },
};

test('the address keeps it', () => {
    assert.deepEqual(stateOfQuery(new URLSearchParams(queryOfState(STATE))), STATE);
});

test('it becomes words; filters without a value select nothing', () => {
    assert.deepEqual(wordsOfState('part', STATE), [
        'list',
        'part',
        'status=open',
        'planned_start>=2026-01-01',
        '--search=继电 器',
        '--sort=code',
        '--descending',
    ]);
});

test('pages cover a list without gap or overlap, and only the first is counted', () => {
    assert.deepEqual(pageWords(['list', 'part'], 0), ['list', 'part', '--offset=0', '--limit=100', '--total']);
    assert.deepEqual(pageWords(['list', 'part'], 7), ['list', 'part', '--offset=700', '--limit=100']);
});

test('the rows in sight are few, whatever the length, and inside it', () => {
    assert.deepEqual(rowsInSight(0, 480, 50000), { first: 0, last: 18 });
    assert.deepEqual(rowsInSight(48 * 49990, 480, 50000), { first: 49982, last: 49999 });
    assert.deepEqual(rowsInSight(0, 480, 0), { first: 0, last: -1 });
});

test('the least width is what columns and gaps take', () => {
    assert.equal(leastWidth([{ width: 'minmax(160px, 1.5fr)' }, { width: '80px' }]), 160 + 80 + 36);
});
