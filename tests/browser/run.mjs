/* Runs one scenario, scenarios/NAME.mjs or measures/NAME.mjs, with a company and a browser of its own.
 *
 * usage: node tests/browser/run.mjs NAME PROGRAMS [TEST_PROGRAMS]
 * exit 0: all checks passed; 1: one failed; 2: wrong use; 77: Chromium or npm is not there.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [name, programs, helpers = join(programs ?? '', 'tests', 'end_to_end')] = process.argv.slice(2);

const file = ['scenarios', 'measures'].map((folder) => join(here, folder, `${name}.mjs`)).find((path) => existsSync(path));

function leave(code, text) {
    console.error(text);
    process.exit(code);
}

function isThere(path) {
    try {
        accessSync(path, constants.X_OK);
        return true;
    } catch {
        return false;
    }
}

if (programs === undefined || file === undefined) {
    leave(2, 'usage: node tests/browser/run.mjs NAME PROGRAMS [TEST_PROGRAMS]; the names are the files of tests/browser/scenarios');
}
if (!isThere(process.env.COUNTERSIGN_CHROMIUM ?? '/usr/bin/chromium')) {
    leave(77, `SKIPPED browser/${name}: Chromium is not installed: tools/install-dependencies browser`);
}
if (spawnSync('npm', ['--version']).status !== 0) {
    leave(77, `SKIPPED browser/${name}: npm is not installed: tools/install-dependencies build`);
}
// One installs, others wait and find it done: build folders share node_modules.
const installed = spawnSync('flock', [join(here, 'package-lock.json'), process.execPath, join(here, 'install.mjs')], { stdio: 'inherit' });
if (installed.status !== 0) {
    leave(1, 'what the tests of the pages need was not installed');
}

const { Company } = await import('./lib/company.mjs');
const { openBrowser } = await import('./lib/pages.mjs');
const { counts } = await import('./lib/checks.mjs');
const { endAll } = await import('./lib/processes.mjs');
const { default: scenario } = await import(file);
const company = new Company(resolve(programs), resolve(helpers));
let browser;

async function clean() {
    await browser?.close();
    await company.end();
    await endAll();
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => void clean().finally(() => process.exit(143)));
}
try {
    browser = await openBrowser();
    await scenario({ company, browser });
} catch (error) {
    counts.failed++;
    console.log(`FAILED  ${name} could not go on\n        ${error?.stack ?? error}`);
} finally {
    await clean();
}
console.log(`browser/${name}: ${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
