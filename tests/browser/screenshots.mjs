/* Pictures of the pages for the README, of a demonstration's day: tools/screenshots makes that and calls this.
 *
 * usage: node tests/browser/screenshots.mjs FOLDER LANGUAGE PASSPHRASE_FILE OFFICE_ADDRESS TECHNICIAN_ADDRESS
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { texter } from './lib/interface.mjs';
import { openBrowser, openWindow } from './lib/pages.mjs';
import { Person, sees } from './lib/person.mjs';

const [folder, language, passphraseFile, officeAddress, technicianAddress] = process.argv.slice(2);
const passphrase = readFileSync(passphraseFile, 'utf8').trim();
const t = texter(language);
const browser = await openBrowser();

async function enter(address) {
    const window = await openWindow(browser, { language, viewport: { width: 1366, height: 768 } });
    const page = await window.context.newPage();
    await page.goto(address);
    const person = new Person(window, page);
    await person.unlock(passphrase);
    await person.isIn();
    await person.settled();
    return person;
}

async function take(person, name) {
    await person.settled();
    await person.page.screenshot({ path: join(folder, `${name}-${language}.png`) });
}

/* A technician's visit, with the customer's signature about to be given. */
async function takeVisit() {
    const person = await enter(technicianAddress);
    const { page } = person;
    await person.button('technician.start').first().click();
    await person.field('technician.actual_fault').fill(language === 'zh' ? '备份盘已满' : 'The backup disk was full');
    await person.field('technician.work_done').fill(language === 'zh' ? '清理旧备份并扩容' : 'Old backups removed, volume extended');
    await page.getByRole('radio').first().click();
    await person.settled();
    await take(person, 'visit');
}

async function takeInbox() {
    const person = await enter(officeAddress);
    await person.goTo('#/inbox');
    await sees(person.page.getByRole('heading', { name: t('office.inbox'), exact: true }));
    await take(person, 'inbox');
}

try {
    await takeInbox();
    await takeVisit();
} finally {
    await browser.close();
}
