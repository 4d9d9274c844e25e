/* Words of commands: what a person typed stays with its option, whatever it begins with. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { option } from '../src/api';

/* An option without a value is followed by another, by a spread, or by nothing. */
const TWO_WORDS = /'--[a-z][a-z-]*',(?!\s*('--|\.\.\.|option\(|\]|\)))/g;
const BY_HAND = /`--[a-z][a-z-]*=/g;

function sourcesIn(folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? sourcesIn(path) : /\.tsx?$/.test(entry.name) ? [path] : [];
    });
}

/* What stands there that should be option('name', value). `json` of withJson is put before any words. */
function faults(text: string): string[] {
    return [...text.matchAll(TWO_WORDS), ...text.matchAll(BY_HAND)].map((match) => match[0]).filter((found) => !found.startsWith("'--json'"));
}

test('an option is one word with its value', () => {
    assert.equal(option('reason', '--yes'), '--reason=--yes');
    assert.equal(option('name', ''), '--name=');
    assert.equal(option('limit', 20), '--limit=20');
});

test('the scan finds an option and its value as two words, and no options without one', () => {
    assert.deepEqual(faults("['revoke', id, '--reason', reason]"), ["'--reason',"]);
    assert.deepEqual(faults("words.push('--sort',\n    'code')"), ["'--sort',"]);
    assert.deepEqual(faults('[`--search=${wanted}`]'), ['`--search=']);
    assert.deepEqual(faults("['list', '--descending', option('limit', 1)], ['vault', 'lease', '--yes', ...orders], ['--csv']"), []);
});

test('no source passes an option and its value as two words', () => {
    const sources = sourcesIn('src');
    assert.ok(sources.length > 100, `${sources.length} sources were found`);
    const found = sources
        .filter((path) => !path.endsWith(join('api', 'words.ts')))
        .flatMap((path) => faults(readFileSync(path, 'utf8')).map((fault) => `${path}: ${fault}`));
    assert.deepEqual(found, []);
});
