/* One visit from the unlocked laptop to the signed receipt: how many actions it takes by hand, and that the keyboard alone does it. */
import assert from 'node:assert/strict';
import { check } from '../lib/checks.mjs';
import { PASSPHRASE } from '../lib/company.mjs';
import { picture } from '../lib/pages.mjs';
import { sees, sitDown } from '../lib/person.mjs';
import { makeOrder, makeRecords, startCompany } from '../lib/sample.mjs';
import { choiceLabel, Technician } from '../lib/work.mjs';

const ACTIONS_MAX = 25;
const TABS_MAX = 80;

/* Tab until what has the focus is the one that is meant. */
async function tabTo(page, locator) {
    for (let i = 0; i < TABS_MAX; i++) {
        if (await locator.first().evaluate((element) => element === document.activeElement)) {
            return;
        }
        await page.keyboard.press('Tab');
    }
    throw new Error(`${locator} is not reached with ${TABS_MAX} tabs`);
}

async function byHand({ browser, company, solved }) {
    const person = await sitDown(browser, company, 'li');
    const li = new Technician(person);
    await check(`by hand it takes at most ${ACTIONS_MAX} actions from the passphrase to the signed receipt`, async () => {
        await li.unlock(PASSPHRASE);
        await li.begin('PG-101');
        await li.write({ fault: 'Disk full', work: 'Logs removed' });
        await li.result(solved);
        await li.part('BJ-0001', '2');
        await li.part('BJ-0002', '1');
        await li.sign('Zhou');
        await li.finished();
        console.log(`        ${li.actions} actions`);
        assert.ok(li.actions <= ACTIONS_MAX, `${li.actions} actions`);
        await picture(li.page, 'visit-finished');
    });
    await check('it is in the replica as it was entered', async () => {
        const [visit] = (await company.json('li', 'list', 'visit')).rows;
        const shown = await company.json('li', 'visit', 'show', visit.id);
        assert.deepEqual([shown.actual_fault, shown.work_done, shown.result], ['Disk full', 'Logs removed', 'solved']);
        assert.deepEqual(shown.parts.map((part) => part.quantity).sort(), [1, 2]);
    });
    return person;
}

/* In the middle of everything: what was entered and not sent is there again, and is what is sent. */
async function reloaded({ company, person, solved }) {
    const { page, t } = person;
    const li = new Technician(person);
    const signer = page.getByRole('textbox', { name: t('technician.signer'), exact: true });
    const quantity = page.getByLabel(new RegExp(`^${t('technician.quantity')}`));
    const promised = page.getByLabel(t('technician.delay_reason'));
    await check('a reload in the middle keeps signer, signature, the chosen part and the delay', async () => {
        await li.begin('PG-103');
        await li.write({ fault: 'No paper', work: 'Roller cleaned' });
        await li.result(solved);
        await li.click(person.button('technician.delay'));
        await promised.fill('A roller is missing');
        await page.getByLabel(t('technician.part_search')).fill('BJ-0001');
        await li.press('Enter');
        await quantity.fill('3');
        await li.type(signer, 'Sun');
        await li.draw();
        await page.reload();
        await sees(signer);
        assert.equal(await signer.inputValue(), 'Sun');
        assert.equal(await quantity.inputValue(), '3');
        assert.equal(await promised.inputValue(), 'A roller is missing');
    });
    await check('what was drawn before it is the signature of the receipt', async () => {
        await person.button('technician.add_part').click();
        await sees(page.getByLabel(t('technician.part_search')));
        await person.button('technician.sign_and_finish').click();
        const number = await li.finished();
        const receipt = await company.json('li', 'receipt', 'show', number);
        assert.equal(receipt.signer, 'Sun');
        assert.ok(receipt.strokes.flat().length > 2, JSON.stringify(receipt.strokes));
        const { drafts } = await company.json('li', 'draft', 'list');
        assert.deepEqual(drafts.map(({ key }) => key.split(' ')[0]), ['delay']);
    });
}

async function byKeyboard({ company, person, solved }) {
    const { page, t } = person;
    const keys = page.keyboard;
    const into = async (locator, text) => {
        await tabTo(page, locator);
        await keys.type(text);
    };
    await check('the keyboard alone does it', async () => {
        await company.client('li', 'lock');
        await sees(person.heading('app.unlock_title'));
        await into(page.getByLabel(t('app.passphrase')), PASSPHRASE);
        await keys.press('Enter');
        await person.isIn();
        await tabTo(page, page.getByRole('link', { name: t('technician.today'), exact: true }));
        await keys.press('Enter');
        const start = person.button('technician.start', page.getByRole('listitem').filter({ hasText: 'PG-102' }));
        await sees(start);
        await tabTo(page, start);
        await keys.press('Enter');
        await sees(page.getByLabel(t('technician.actual_fault')));
        await person.settled();
        await into(page.getByLabel(t('technician.actual_fault')), 'Dark screen');
        await into(page.getByLabel(t('technician.work_done')), 'Power supply changed');
        await tabTo(page, page.getByRole('radio').first());
        await keys.press(' ');
        for (let i = 0; i < 5 && !(await page.getByRole('radio', { name: solved, exact: true }).isChecked()); i++) {
            await keys.press('ArrowDown');
        }
        await person.settled();
        await into(page.getByLabel(t('technician.part_search')), 'BJ-0002');
        await keys.press('Enter');
        await sees(person.button('technician.add_part'));
        await keys.press('Enter');
        await sees(page.getByLabel(t('technician.part_search')));
        await into(page.getByRole('textbox', { name: t('technician.signer'), exact: true }), ' Qian');
        await tabTo(page, page.getByLabel(t('technician.pad')));
        for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowRight', ' ', 'ArrowUp', ' ', 'ArrowRight', 'ArrowRight']) {
            await keys.press(key);
        }
        await tabTo(page, person.button('technician.sign_and_finish'));
        await keys.press('Enter');
        await new Technician(person).finished();
    });
}

export default async function visit({ company, browser }) {
    const technician = await startCompany(company);
    const made = await makeRecords(company, technician);
    await makeOrder(company, made, technician, 'PG-101', '挂号时数据库无响应');
    await makeOrder(company, made, technician, 'PG-102', '叫号屏黑屏');
    await makeOrder(company, made, technician, 'PG-103', '打印机不出纸');
    await company.client('office', 'sync');
    await company.client('li', 'sync');
    await company.startAgent('li');
    const solved = await choiceLabel(company, 'li', 'visit', 'result', 'solved', 'en');
    const person = await byHand({ browser, company, solved });
    await byKeyboard({ company, person, solved });
    await reloaded({ company, person, solved });
    await check('nothing was wrong with the pages', () => person.assertQuiet());
}
