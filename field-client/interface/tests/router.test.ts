/* Addresses: built and taken apart again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenOf } from '../src/api/session';
import { buildPath, matchPath } from '../src/app/router';

test('what is built is found again, whatever stands in it', () => {
    const path = buildPath('/records/:entity/:id', { entity: 'a/b?#', id: '部件 1' });
    assert.deepEqual(matchPath('/records/:entity/:id', path), { entity: 'a/b?#', id: '部件 1' });
});

test('other lengths and other words do not match', () => {
    assert.equal(matchPath('/records/:entity', '/records'), null);
    assert.equal(matchPath('/records/:entity', '/visits/1'), null);
});

test('an empty query is left out', () => {
    assert.equal(buildPath('/a', {}, { q: '', r: undefined }), '/a');
    assert.equal(buildPath('/a', {}, { q: '1 2' }), '/a?q=1+2');
});

test('what is no percent-encoding stands for itself', () => {
    assert.deepEqual(matchPath('/receipts/:id', '/receipts/100%'), { id: '100%' });
    assert.deepEqual(matchPath('/receipts/:id', '/receipts/%E4%B8'), { id: '%E4%B8' });
    assert.equal(tokenOf('#token=a%'), 'a%');
    assert.equal(tokenOf('#token=a%2Fb&x'), 'a/b');
    assert.equal(tokenOf('#/today'), null);
});
