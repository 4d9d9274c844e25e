/* src/office/devices/qr.ts: an invite fits, and what does not is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qrPath } from '../src/office/devices/qr';

test('a short text is the smallest code, 21 squares and the quiet zone', () => {
    const code = qrPath('CSI1');
    assert.equal(code?.size, 21 + 8);
    // The corner of the finder pattern lies beside the quiet zone.
    assert.ok(code?.path.startsWith('M4 4h1v1h-1z'));
});

test('an invite fits; what is longer than any code is none', () => {
    assert.ok((qrPath('x'.repeat(1300))?.size ?? 0) > 100);
    assert.equal(qrPath('x'.repeat(3000)), null);
});
