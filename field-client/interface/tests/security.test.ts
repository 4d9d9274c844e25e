/* What the security staff's pages work out themselves: words of commands, standard input, sums. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matching } from '../src/security/search';
import { FIRST_WISH, isComplete, secretInput, secretWords } from '../src/security/SecretEntry';
import { sharesInput } from '../src/security/ShareLines';
import { summarise } from '../src/security/use-vaults';
import type { Access, Item } from '../src/vault/types';
import { rightsText, wordOf } from '../src/vault/words';

const secret = 'Geheim-42 密';

function item(name: string, vault = 'v1'): Item {
    return { id: name, vault, project: 'p', project_name: '收银系统', name, user: 'Root', address: '10.2.0.5' };
}

function access(vault: string, person: string, state: Access['state']): Access {
    return { vault, person, state, project: `of ${vault}`, project_name: vault, person_name: person, device_name: '', rights: 'list', expires_at: null, device: '' };
}

test('a typed secret is standard input and in no word', () => {
    const wish = { ...FIRST_WISH, way: 'type' as const, text: secret };
    assert.deepEqual(secretWords(wish), ['--field=password']);
    assert.equal(secretInput(wish), secret);
});

test('nothing typed before goes along with a generated secret, or with none', () => {
    for (const way of ['generate', 'none'] as const) {
        const wish = { ...FIRST_WISH, way, text: secret };
        assert.equal(secretInput(wish), '');
        assert.ok(!secretWords(wish).includes(secret));
    }
    assert.deepEqual(secretWords({ ...FIRST_WISH, noSymbols: true }), ['--field=password', '--generate', '--length=20', '--no-symbols']);
    assert.deepEqual(secretWords({ ...FIRST_WISH, way: 'none' }), ['--no-secret']);
});

test('a secret is complete when there is something to store', () => {
    assert.ok(isComplete(FIRST_WISH));
    assert.ok(!isComplete({ ...FIRST_WISH, way: 'type' }));
    assert.ok(!isComplete({ ...FIRST_WISH, length: 'long' }));
    assert.ok(!isComplete({ ...FIRST_WISH, field: ' ' }));
});

test('shares are lines of their own, without what pasting added', () => {
    assert.equal(sharesInput([' CSR1-A \n', '', 'CSR1-B']), 'CSR1-A\nCSR1-B\n');
    assert.equal(sharesInput(['', ' ']), '');
});

test('a credential is found by words of any of its texts', () => {
    const items = [item('服务器'), item('Router')];
    assert.deepEqual(matching(items, ' router 收银 '), [items[1]]);
    assert.equal(matching(items, 'root 10.2').length, 2);
    assert.equal(matching(items, 'router nowhere').length, 0);
});

test('a vault counts people with rights that hold, once each, and what is listed of it', () => {
    const list = [access('v1', 'a', 'active'), access('v1', 'a', 'active'), access('v1', 'b', 'revoked'), access('v2', 'c', 'active')];
    assert.deepEqual(
        summarise(list, [item('x'), item('y'), item('z', 'v2')]).map(({ vault, people, items }) => [vault, people, items]),
        [
            ['v1', 1, 2],
            ['v2', 1, 1],
        ],
    );
});

test('words of commands are said in the language of the person; unknown ones stand as they are', () => {
    assert.equal(wordOf('state', 'confirmed'), '使用中');
    assert.equal(wordOf('state', 'unheard_of'), 'unheard_of');
    assert.equal(rightsText(['list', 'reveal']), '列出、查看');
});
