/* WCAG 2.2 AA: 4.5 for text, 3 for what is not text, in both themes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

function tokensOf(block: string): Map<string, string> {
    return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1] ?? '', match[2] ?? '']));
}

function luminance(colour: string): number {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
        const part = parseInt(colour.slice(at, at + 2), 16) / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
    const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
}

const PAIRS: [string, string, number][] = [
    ...['ground', 'surface', 'surface-raised', 'surface-sunken', 'accent-soft', 'danger-soft', 'warning-soft', 'success-soft'].map(
        (ground): [string, string, number] => ['text', ground, 4.5],
    ),
    ...['ground', 'surface', 'surface-raised', 'surface-sunken'].map((ground): [string, string, number] => ['text-muted', ground, 4.5]),
    ...['ground', 'surface', 'surface-raised', 'accent-soft'].map((ground): [string, string, number] => ['accent', ground, 4.5]),
    ['accent-text', 'accent', 4.5],
    ['danger-text', 'danger', 4.5],
    ['danger', 'surface', 4.5],
    ['danger', 'danger-soft', 4.5],
    ['warning', 'warning-soft', 4.5],
    ['success', 'success-soft', 4.5],
    ['border-strong', 'surface', 3],
    ['focus', 'ground', 3],
    ['focus', 'surface', 3],
];

const [light = '', dark = ''] = readFileSync('src/design/tokens.css', 'utf8').split("[data-theme='dark']");
const lightTokens = tokensOf(light);

for (const [name, tokens] of [
    ['light', lightTokens],
    ['dark', new Map([...lightTokens, ...tokensOf(dark)])],
] as const) {
    test(`contrast in the ${name} theme`, () => {
        for (const [front, back, wanted] of PAIRS) {
            const found = contrast(tokens.get(front) ?? '', tokens.get(back) ?? '');
            assert.ok(found >= wanted, `${front} on ${back}: ${found.toFixed(2)}, at least ${wanted}`);
        }
    });
}
