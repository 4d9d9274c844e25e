/* Figures of the pages with 50,000 rows: from the passphrase to a page that can be used, how a letter that is typed is followed, how long a list takes to
 * be searched and filtered. Printed, never compared: they are of this machine.
 */
import { writeFileSync } from 'node:fs';
import { check } from '../lib/checks.mjs';
import { PASSPHRASE } from '../lib/company.mjs';
import { OWNER } from '../lib/sample.mjs';
import { sees, sitDown } from '../lib/person.mjs';

const ROWS = 50000;
const WORD = 'BJ-00042';

function partsCsv() {
    const kinds = ['继电器', '接触器', '断路器', '传感器', '电源模块'];
    const lines = ['code,name,category,unit,price_cents,spec'];
    for (let i = 1; i <= ROWS; i++) {
        const number = String(i).padStart(5, '0');
        lines.push(`BJ-${number},${kinds[i % kinds.length]} ${number},电气,个,${(i * 137) % 500000},${12 * ((i % 4) + 1)}V ${i % 63}A`);
    }
    return `${lines.join('\n')}\n`;
}

async function timed(name, body) {
    const begun = performance.now();
    await body();
    console.log(`${name}: ${Math.round(performance.now() - begun)} ms`);
}

/* From each letter to the frame that shows it; the longest and the one in the middle. */
async function typing(page, input, text) {
    await input.focus();
    await page.evaluate(() => {
        window.frames_ms = [];
        addEventListener('keydown', () => {
            const begun = performance.now();
            requestAnimationFrame(() => setTimeout(() => window.frames_ms.push(performance.now() - begun)));
        });
    });
    await page.keyboard.type(text, { delay: 60 });
    const frames = (await page.evaluate(() => window.frames_ms)).sort((a, b) => a - b);
    console.log(`typing: ${frames.length} letters, middle ${Math.round(frames[frames.length >> 1])} ms, longest ${Math.round(frames[frames.length - 1])} ms`);
}

export default async function rows({ company, browser }) {
    await company.startServer();
    await company.joinOwner('office', OWNER);
    writeFileSync(company.path('parts.csv'), partsCsv());
    await timed(`import of ${ROWS} rows (command line)`, () => company.client('office', 'import', 'part', company.path('parts.csv')));
    await company.startAgent('office');
    const office = await sitDown(browser, company, 'office');
    const { page } = office;
    await check(`a list of ${ROWS} rows is opened, searched and left`, async () => {
        await sees(office.heading('app.unlock_title'));
        await timed('from the passphrase to the first page', async () => {
            await office.unlock(PASSPHRASE);
            await office.isIn();
            await office.settled();
        });
        await timed('list of parts', async () => {
            await office.goTo('#/records/part');
            await sees(page.getByText('BJ-00001'));
            await office.settled();
        });
        const search = page.getByRole('main').getByRole('searchbox').first();
        await typing(page, search, 'dianyuan');
        await timed('search for one of them', async () => {
            await search.fill(WORD);
            await sees(page.getByRole('main').getByText('BJ-00042'));
            await page.getByText('BJ-00001').waitFor({ state: 'hidden' });
        });
        await timed('back to all of them', async () => {
            await search.fill('');
            await sees(page.getByText('BJ-00001'));
        });
    });
    await check('nothing was wrong with the pages', () => office.assertQuiet());
}
