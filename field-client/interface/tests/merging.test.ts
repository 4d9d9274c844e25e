import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntityField, Row } from '../src/records/entities';
import { differingFields, isTaken, mergeWords, olderOf } from '../src/records/merging';

function field(name: string, computed = false): EntityField {
    return { name, label_zh: name, label_en: name, type: 'text', required: false, computed, once: false, writers: [], references: null, choices: [] };
}
const [code, name, phone, total] = [field('code'), field('name'), field('phone'), field('total', true)];
const older: Row = { id: '0193a', code: 'P-1', name: 'relay', phone: null, total: 1 };
const newer: Row = { id: '0193b', code: 'P-1', name: 'Relay 24V', phone: '555', total: 2 };

test('the row that was made first is kept', () => {
    assert.equal(olderOf(newer, older), older);
    assert.equal(olderOf(older, newer), older);
});

test('what is computed is no difference, and neither is no value and an empty one', () => {
    assert.deepEqual(differingFields([code, name, phone, total], older, newer), [name, phone]);
    assert.deepEqual(differingFields([phone], older, { ...newer, phone: '' }), []);
});

test('a value is taken where the kept row has none, or where it was chosen', () => {
    const merging = { kept: older, dropped: newer, chosen: {} };
    assert.equal(isTaken(merging, phone), true);
    assert.equal(isTaken(merging, name), false);
    assert.equal(isTaken({ ...merging, chosen: { phone: older.id } }, phone), false);
    assert.equal(isTaken({ ...merging, chosen: { name: newer.id } }, name), true);
});

test('a choice stands when the other row is kept', () => {
    const chosen = { name: newer.id };
    assert.deepEqual(mergeWords('part', { kept: older, dropped: newer, chosen }, [name, phone]), ['merge', 'part', '0193a', '0193b', '--take=name,phone']);
    assert.deepEqual(mergeWords('part', { kept: newer, dropped: older, chosen }, [name, phone]), ['merge', 'part', '0193b', '0193a']);
});
