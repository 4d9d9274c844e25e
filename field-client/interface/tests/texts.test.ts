/* Texts: both languages, the same placeholders, one key once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill } from '../src/i18n/text';
import { tables } from '../src/i18n/texts';

function names(text: string): string[] {
    return [...new Set([...text.matchAll(/\{(\w+)/g)].map((match) => match[1] ?? ''))].sort();
}

test('no key stands in two tables', () => {
    const keys = tables.flatMap((table) => Object.keys(table));
    assert.deepEqual(
        keys.filter((key, i) => keys.indexOf(key) !== i),
        [],
    );
});

test('both languages say something, and fill in the same', () => {
    for (const [key, [zh, en]] of tables.flatMap((table) => Object.entries(table) as [string, readonly [string, string]][])) {
        assert.ok(zh !== '' && en !== '', key);
        assert.deepEqual(names(zh), names(en), key);
    }
});

test('a text is filled in, and its form chosen by the number', () => {
    const text = '{n} {n|visit waits|visits wait} for {who}';
    assert.equal(fill(text, { n: 1, who: 'Li' }), '1 visit waits for Li');
    assert.equal(fill(text, { n: 3, who: 'Li' }), '3 visits wait for Li');
    assert.equal(fill('{n}|{}', {}), '|{}');
});
