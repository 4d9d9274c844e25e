/* Values between forms and commands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entity, EntityField } from '../src/records/entities';
import { centsOfText, changedWords, fieldOfError, textOfCents } from '../src/records/values';

const field = (name: string, type: EntityField['type']): EntityField => ({
    name,
    type,
    label_zh: name,
    label_en: name,
    required: false,
    computed: false,
    once: false,
    writers: [],
    references: null,
    choices: [],
});
const part: Entity = {
    name: 'part',
    label_zh: '备件',
    label_en: 'part',
    kind: 'ordinary',
    natural_key: 'code',
    creators: [],
    deleters: [],
    fields: [field('code', 'text'), field('price_cents', 'cents'), field('count', 'integer')],
};

test('amounts become cents, without floating point', () => {
    const cases: [string, string][] = [
        ['12.5', '1250'],
        ['0.29', '29'],
        ['1,234.56', '123456'],
        ['¥ 3', '300'],
        ['.5', '50'],
        ['-2', '-200'],
        ['0', '0'],
        ['', ''],
        ['1.234', '1.234'],
        ['abc', 'abc'],
    ];
    for (const [text, cents] of cases) {
        assert.equal(centsOfText(text), cents, text);
    }
    for (const cents of [0, 5, 99, 100, 123456, -7]) {
        assert.equal(Number(centsOfText(textOfCents(cents))), cents);
    }
});

test('only what changed is written', () => {
    const row = { id: 'x', code: 'A', price_cents: 250, count: null };
    assert.deepEqual(changedWords(part.fields, { code: 'A', price_cents: '2.5', count: '' }, row), []);
    assert.deepEqual(changedWords(part.fields, { code: ' A', price_cents: '', count: ' 3 ' }, row), ['code= A', 'price_cents=', 'count=3']);
    assert.deepEqual(changedWords(part.fields, { code: 'B', price_cents: '', count: '' }), ['code=B']);
});

test('a failure is shown beside the field that it is about', () => {
    assert.equal(fieldOfError(part, 'INVALID', 'part.price_cents: "abc" is not a whole number'), 'price_cents');
    assert.equal(fieldOfError(part, 'INVALID', 'part.code is required (备件编号)'), 'code');
    assert.equal(fieldOfError(part, 'EXISTS', 'there is already a part with this code: 01a2'), 'code');
    assert.equal(fieldOfError(part, 'INVALID', 'visit.code is required'), null);
    assert.equal(fieldOfError(part, 'FAILED', 'no space left'), null);
});
