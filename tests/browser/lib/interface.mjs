/* Texts and routes out of the sources of the pages: tests name a text by its key, and a new route is found by itself. */
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../../field-client/interface/', import.meta.url));

async function load(entry) {
    const { build } = createRequire(join(SOURCES, 'package.json'))('esbuild');
    const folder = mkdtempSync(join(tmpdir(), 'countersign-texts-'));
    try {
        const outfile = join(folder, 'module.mjs');
        await build({ entryPoints: [join(SOURCES, entry)], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' });
        return await import(pathToFileURL(outfile).href);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

const { texts } = await load('src/i18n/texts/index.ts');
const { fill } = await load('src/i18n/text.ts');
export const { routes } = await load('src/app/routes.ts');
export const { technicianRoutes } = await load('src/technician/routes.ts');

/* texter('zh')('app.unlock') is what the page says. */
export function texter(language) {
    return (key, values = {}) => {
        const pair = texts[key];
        if (pair === undefined) {
            throw new Error(`the pages have no text ${key}`);
        }
        return fill(pair[language === 'zh' ? 0 : 1], values);
    };
}
