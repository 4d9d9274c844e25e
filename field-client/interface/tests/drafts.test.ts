/* Drafts: written once after typing, kept by the page where the program is locked, found again at once. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { drafts } from '../src/drafts';

interface Asked {
    words: string[];
    input: string;
}

let asked: Asked[] = [];
let answer: { status: number; exit: number; json: unknown };

globalThis.fetch = async (url, init) => {
    asked.push({ words: new URL(String(url), 'http://127.0.0.1').searchParams.getAll('word'), input: String(init?.body) });
    return new Response(JSON.stringify(answer.json), { status: answer.status, headers: { 'Countersign-Exit': String(answer.exit) } });
};

const typed = () => new Promise((resolve) => setTimeout(resolve, 600));

beforeEach(() => {
    asked = [];
    answer = { status: 200, exit: 0, json: {} };
});

test('what is typed quickly is written once, as it is at the end', async () => {
    drafts.save('a', { text: '1' });
    drafts.save('a', { text: '12' });
    assert.deepEqual(await drafts.load('a'), { text: '12' });
    await typed();
    assert.deepEqual(asked, [{ words: ['draft', '--json', 'put', 'a'], input: '{"text":"12"}' }]);
});

test('typing without a pause is written too', async () => {
    for (let i = 0; i < 12; i++) {
        drafts.save('t', { i });
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(asked.length >= 2, `written ${asked.length} times in 1.2 s`);
    await typed();
    assert.equal(asked.at(-1)?.input, '{"i":11}');
});

test('a locked program gets it later; until then the page has it', async () => {
    answer = { status: 423, exit: 3, json: { error: { status: 'LOCKED', text: 'locked' } } };
    drafts.save('b', { text: 'x' });
    await typed();
    assert.equal(asked.length, 1);
    assert.deepEqual(await drafts.load('b'), { text: 'x' });
    drafts.drop('b');
    answer = { status: 200, exit: 0, json: {} };
    await typed();
    assert.deepEqual(asked.at(-1)?.words, ['draft', '--json', 'drop', 'b']);
});

test('no draft is null, and another failure is told', async () => {
    answer = { status: 400, exit: 2, json: { error: { status: 'NOT_FOUND', text: 'there is no draft with this key' } } };
    assert.equal(await drafts.load('c'), null);
    answer = { status: 422, exit: 1, json: { error: { status: 'DISK', text: 'unreadable' } } };
    await assert.rejects(drafts.load('c'), /unreadable/);
});
