/* Saving what is typed: one save at a time, the newest text wins, what was refused is told, what may pass is tried again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandError } from '../src/api/command';
import { PAUSE_MS, Saver } from '../src/technician/saver';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('typing is saved once, after the last key', async () => {
    const saved: string[] = [];
    const saver = new Saver('', async (text) => void saved.push(text));
    saver.type('a');
    saver.type('ab');
    assert.ok(saver.dirty);
    assert.equal(saver.state, 'typed');
    await pause(PAUSE_MS + 200);
    assert.deepEqual(saved, ['ab']);
    assert.equal(saver.state, 'saved');
    assert.ok(!saver.dirty);
});

test('what is typed during a save is saved after it', async () => {
    const saved: string[] = [];
    let answer = () => {};
    const saver = new Saver('', (text) => {
        saved.push(text);
        return new Promise<void>((resolve) => (answer = resolve));
    });
    saver.type('first');
    const first = saver.flush();
    saver.type('second');
    await saver.flush();
    assert.deepEqual(saved, ['first']);
    answer();
    await first;
    assert.deepEqual(saved, ['first', 'second']);
    answer();
    await pause(0);
    assert.equal(saver.state, 'saved');
});

test('a refusal is told, and the text stays', async () => {
    const saver = new Saver('old', async () => {
        throw new CommandError('INVALID', 'too long', 1);
    });
    saver.type('new');
    await saver.flush();
    assert.equal(saver.state, 'failed');
    assert.equal(saver.error?.text, 'too long');
    assert.equal(saver.typed, 'new');
    assert.ok(saver.dirty);
});

test('a locked program gets it later', async () => {
    let locked = true;
    const saver = new Saver('', async () => {
        if (locked) {
            throw new CommandError('LOCKED', 'locked', 3);
        }
    });
    saver.type('x');
    await saver.flush();
    assert.equal(saver.state, 'failed');
    locked = false;
    await pause(3300);
    assert.equal(saver.state, 'saved');
});

test("another's change is taken over only while nothing is typed here", async () => {
    const saver = new Saver('a', async () => {});
    saver.take('b');
    assert.equal(saver.typed, 'b');
    saver.type('mine');
    saver.take('c');
    assert.equal(saver.typed, 'mine');
    await saver.flush();
});
