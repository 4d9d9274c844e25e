/* A list's state: in the address, and as the words of list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastWidth, pageWords, rowsInSight } from '../src/design/VirtualList';
import type { Entity, EntityField } from '../src/records/entities';
import { queryOfState, stateOfQuery, wordsOfState, type ListState } from '../src/records/list-state';

const PRICE: EntityField = {
    name: 'price_cents',
    type: 'cents',
    label_zh: '单价(分)',
    label_en: 'price in cents',
    required: false,
    computed: false,
    once: false,
    writers: [],
    references: null,
    choices: [],
};
const PART: Entity = { name: 'part', label_zh: '备件', label_en: 'part', kind: 'ordinary', natural_key: 'code', creators: [], deleters: [], fields: [PRICE] };

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
    assert.deepEqual(wordsOfState(PART, STATE), [
        'list',
        'part',
        'status=open',
        'planned_start>=2026-01-01',
        '--search=继电 器',
        '--sort=code',
        '--descending',
    ]);
});

test('an amount is filtered by as it is shown', () => {
    assert.deepEqual(wordsOfState(PART, { ...STATE, search: '', sort: '', equal: {}, from: { price_cents: '100' }, to: { price_cents: '120.5' } }), [
        'list',
        'part',
        'price_cents>=10000',
        'price_cents<=12050',
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
