/* tools/embed.mjs: what it writes, and what it refuses. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

let folder = '';

beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'embed-'));
    mkdirSync(join(folder, 'pages', 'assets'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function embed() {
    return spawnSync('node', ['tools/embed.mjs', join(folder, 'pages'), join(folder, 'assets.c')], { encoding: 'utf8' });
}

test('files become arrays in the order of their paths, compressed where that makes them smaller', () => {
    writeFileSync(join(folder, 'pages', 'index.html'), 'a'.repeat(1000));
    writeFileSync(join(folder, 'pages', 'assets', 'x.png'), 'tiny');
    assert.equal(embed().status, 0);
    const text = readFileSync(join(folder, 'assets.c'), 'utf8');
    assert.match(text, /\{"\/assets\/x\.png", "image\/png", bytes_0, sizeof bytes_0, false\},\n\s+\{"\/index\.html", "text\/html; charset=utf-8", bytes_1, sizeof bytes_1, true\}/);
    assert.match(text, /bytes_0\[\] = \{\n\s+116,105,110,121,/);
});

test('more than the limit, and a kind that is not known, fail', () => {
    writeFileSync(join(folder, 'pages', 'large.js'), randomBytes(300 * 1024).toString('latin1'));
    assert.match(embed().stderr, /bytes compressed, at most 256000 are allowed/);
    rmSync(join(folder, 'pages', 'large.js'));
    writeFileSync(join(folder, 'pages', 'x.exe'), '');
    assert.match(embed().stderr, /its media type is not known/);
});
