/* Runs tests/*.test.ts with node's own runner. Node 18 reads no TypeScript, so each is bundled first.
 *
 * usage: node tools/test.mjs [beginning of a test's name …]
 */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tests = join(dirname(fileURLToPath(import.meta.url)), '..', 'tests');
const wanted = process.argv.slice(2);
const names = readdirSync(tests).filter(
    (name) => name.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((start) => name.startsWith(start))),
);
if (names.length === 0) {
    console.error('no test has that name');
    process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'countersign-interface-'));
try {
    await build({
        entryPoints: names.map((name) => join(tests, name)),
        outdir: folder,
        outExtension: { '.js': '.mjs' },
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node18',
        jsx: 'automatic',
        jsxImportSource: 'preact',
        sourcemap: 'inline',
        logLevel: 'warning',
    });
    const files = readdirSync(folder).map((name) => join(folder, name));
    const result = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], { stdio: 'inherit' });
    process.exitCode = result.status ?? 1;
} finally {
    rmSync(folder, { recursive: true, force: true });
}
