/* src/office/inbox/operations.ts: what a server wrote is read, and what cannot be read is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operationsOf } from '../src/office/inbox/operations';

test('operations are read with their fields', () => {
    const text = '[{"kind":"update","entity":"customer","id":"a","fields":{"phone":"1"}},{"kind":"delete","entity":"site","id":"b"}]';
    assert.deepEqual(operationsOf(text), [
        { kind: 'update', entity: 'customer', id: 'a', fields: { phone: '1' } },
        { kind: 'delete', entity: 'site', id: 'b', fields: {} },
    ]);
});

test('what is cut, or no list, is none', () => {
    assert.equal(operationsOf('[{"kind":"upd'), null);
    assert.equal(operationsOf('{}'), null);
    assert.equal(operationsOf(null), null);
});
