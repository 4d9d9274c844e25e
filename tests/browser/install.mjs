/* npm ci, only when the lock file is another one than at the last time, and once at a time: build folders share node_modules.
 *
 * usage: node install.mjs   (with `flock` around it, as run.mjs does). No script of a package runs (.npmrc), so none fetches a browser.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const stamp = join(root, 'node_modules', '.installed');
const wanted = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    const result = spawnSync('npm', ['ci', '--no-progress'], { cwd: root, stdio: 'inherit' });
    if (result.status !== 0) {
        console.error('npm ci failed: the tests of the pages need it. Is npm installed (tools/install-dependencies build), and is its registry reached?');
        process.exit(1);
    }
    writeFileSync(stamp, wanted);
}
