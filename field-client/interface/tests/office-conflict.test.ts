/* src/office/inbox/conflict.ts: what stood there before, and the way back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseOf, wordOf, wordsToUndo, type Change, type Conflict } from '../src/office/inbox/conflict';

const conflict: Conflict = {
    id: 'c', entity: 'customer', row: 'r', field: 'phone', row_label: '第一医院',
    losing_text: '2', losing_author: '李强', losing_at: '2026-12-01T03:00:01.000Z',
    shown_text: '3', shown_author: '王芳', shown_at: '2026-12-01T03:00:02.000Z',
};

function change(number: number, author: string, claimed: string, before: unknown, after: unknown): Change {
    return { change: number, kind: 'changed', from: claimed, author, claimed, deleted: false, fields: { phone: { before, after } } };
}

test('the base is what stood there before the earlier of the two changes', () => {
    const changes = [
        change(1, '王芳', '2026-11-01T00:00:00.000Z', null, '1'),
        change(5, '李强', conflict.losing_at ?? '', '1', '2'),
        change(7, '王芳', conflict.shown_at ?? '', '2', '3'),
    ];
    assert.equal(baseOf(conflict, changes), '1');
    assert.equal(baseOf(conflict, changes.slice(2)), '2');
    assert.equal(baseOf(conflict, changes.slice(0, 1)), undefined);
});

test('undoing writes what differs, and clears what was empty', () => {
    const before = { id: 'r', phone: '3', contact: null, note: 'x', _unsent: false };
    assert.deepEqual(wordsToUndo(before, { ...before, phone: '2', contact: '周', _unsent: true }), ['phone=3', 'contact=']);
    assert.deepEqual(wordsToUndo(before, { ...before, _unsent: true }), []);
});

test('a choice is a word of resolve', () => {
    assert.equal(wordOf({ kind: 'other' }), 'other');
    assert.equal(wordOf({ kind: 'value', value: 'a=b' }), 'value=a=b');
});
