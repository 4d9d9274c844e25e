/* A day at the pages alone, in one language: office and technician join, an order is dispatched, carried out without network and in spite of a killed
 * program, signed, sent, reconciled and verified. What was there before (customers, parts) is made by commands.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { check } from './checks.mjs';
import { PASSPHRASE } from './company.mjs';
import { sees, sitDown } from './person.mjs';
import { Network } from './proxy.mjs';
import { makeRecords, OWNER, TECHNICIAN } from './sample.mjs';
import { choiceLabel, fieldLabel, Technician } from './work.mjs';

const ORDER = 'PG-201';

/* Presses "sync now"; true where the program says that it worked. */
async function sync(person) {
    const answer = person.page.waitForResponse((response) => /word=sync(&|$)/.test(response.url()));
    await person.page.getByRole('banner').getByRole('button', { name: person.t('app.sync_now'), exact: true }).click();
    const worked = (await answer).ok();
    await person.settled();
    return worked;
}

async function syncAll(...people) {
    for (const person of [...people, ...people]) {
        assert.ok(await sync(person));
    }
}

async function join(person, { invite, name, device }) {
    const { page, t } = person;
    await sees(person.heading('app.join_title'));
    await page.getByRole('textbox', { name: t('app.invite'), exact: true }).fill(invite);
    if (name !== undefined) {
        await person.field('app.person').fill(name);
    }
    await person.field('app.device_name').fill(device);
    await person.field('app.passphrase_new').fill(PASSPHRASE);
    await person.field('app.passphrase_again').fill(PASSPHRASE);
    await person.button('app.join').click();
    await page.getByRole('navigation', { name: t('app.menu') }).waitFor({ timeout: 30000 });
}

async function joining({ browser, company, language }) {
    const office = await sitDown(browser, company, 'office', { language });
    const li = await sitDown(browser, company, 'li', { language });
    await check(`${language}: the office joins with the first invite`, async () => {
        await join(office, { invite: readFileSync(company.path('owner.invite'), 'utf8'), name: OWNER, device: 'PC' });
        assert.ok(await sync(office));
    });
    await check(`${language}: it invites a technician, who joins with what it shows`, async () => {
        await office.goTo('#/devices');
        await office.button('office.invite_new').click();
        const dialog = office.page.getByRole('dialog');
        await dialog.getByRole('textbox', { name: office.t('office.person'), exact: true }).fill(TECHNICIAN);
        await office.button('office.invite_make', dialog).click();
        const shown = dialog.getByRole('textbox', { name: office.t('office.invite'), exact: true });
        await sees(shown);
        const invite = await shown.inputValue();
        await office.button('office.invite_given', dialog).click();
        await join(li, { invite, device: 'Laptop' });
        assert.ok(await sync(li));
    });
    return { office, li };
}

async function dispatching({ office, li, language }) {
    await check(`${language}: the office records a call and dispatches an order`, async () => {
        // The office hears of the technician's laptop.
        assert.ok(await sync(office));
        await office.goTo('#/dispatch');
        await office.button('office.order_new').click();
        const dialog = office.page.getByRole('dialog');
        await dialog.getByRole('textbox', { name: office.t('office.fault'), exact: true }).fill('挂号时数据库无响应');
        const customer = dialog.getByRole('combobox', { name: office.t('office.customer'), exact: true });
        await customer.click();
        await customer.pressSequentially('KH-1');
        await dialog.getByRole('option', { name: /第一医院/ }).click();
        await dialog.getByRole('textbox', { name: office.t('office.order_number'), exact: true }).fill(ORDER);
        await dialog.getByRole('combobox', { name: office.t('office.technician'), exact: true }).selectOption({ label: TECHNICIAN });
        await office.button('office.order_make', dialog).click();
        await dialog.waitFor({ state: 'hidden' });
        await syncAll(office, li);
        await li.goTo('#/today');
        await sees(li.page.getByRole('listitem').filter({ hasText: ORDER }));
    });
}

/* The telephone of the customer, by the form of its record. */
async function setPhone(person, company, home, customer, phone) {
    await person.goTo(`#/records/customer/${customer}/edit`);
    const label = await fieldLabel(company, home, 'customer', 'phone', person.language);
    await person.page.getByRole('textbox', { name: label, exact: true }).fill(phone);
    await person.button('common.save').click();
    await sees(person.page.getByRole('main').getByText(phone));
}

async function offline({ browser, company, office, li, language, network, made }) {
    await network.cut();
    await check(`${language}: without network a sync says so, and work goes on`, async () => {
        li.found.expected.push(/word=sync|status of 422/);
        assert.equal(await sync(li), false);
        await sees(li.page.getByRole('dialog').getByRole('alert'));
        await li.page.keyboard.press('Escape');
        await setPhone(li, company, 'li', made.customer, '021-5559999');
        await setPhone(office, company, 'office', made.customer, '021-5558888');
    });
    return visitWithKill({ browser, company, li, language });
}

async function visitWithKill({ browser, company, li, language }) {
    await new Technician(li).begin(ORDER);
    await new Technician(li).write({ fault: '数据库磁盘已满', work: '清理日志并扩容' });
    li.assertQuiet();
    li.found.expected.push(/./);
    await company.endAgent('li', 'SIGKILL');
    await check(`${language}: killed in the middle of the visit, the program is said to be gone`, () => sees(li.page.getByText(li.t('app.connection_lost'))));
    await li.context.close();
    await company.startAgent('li');
    const again = await sitDown(browser, company, 'li', { language });
    const work = new Technician(again);
    let receipt;
    await check(`${language}: started again, what was typed is there, and the visit is finished and signed`, async () => {
        await work.unlock(PASSPHRASE);
        await again.goTo('#/today');
        await again.page.getByRole('link', { name: again.t('technician.go_on'), exact: true }).click();
        const fault = again.page.getByLabel(again.t('technician.actual_fault'));
        await sees(fault);
        assert.equal(await fault.inputValue(), '数据库磁盘已满');
        assert.equal(await again.page.getByLabel(again.t('technician.work_done')).inputValue(), '清理日志并扩容');
        await work.result(await choiceLabel(company, 'li', 'visit', 'result', 'solved', language));
        await work.part('BJ-0001', '2');
        await work.part('BJ-0003', '1');
        await work.sign('周主任');
        receipt = await work.finished();
    });
    return { li: again, receipt };
}

async function evening({ company, office, li, receipt, network, language, made }) {
    await network.restore();
    await check(`${language}: with the network back everything is sent`, async () => {
        await syncAll(li, office);
        assert.equal((await company.json('li', 'status')).waiting, 0);
        assert.equal((await company.json('office', 'list', 'visit')).rows.length, 1);
    });
    await check(`${language}: the office decides about the telephone that both changed`, async () => {
        await office.goTo('#/inbox');
        const conflict = office.page.getByRole('article').filter({ hasText: '021-5559999' });
        await sees(conflict);
        const shown = (await company.json('office', 'get', 'customer', made.customer)).phone;
        await office.button(shown === '021-5559999' ? 'office.keep_current' : 'office.take_other', conflict).click();
        await conflict.waitFor({ state: 'hidden' });
        await syncAll(office, li);
        for (const home of ['office', 'li']) {
            assert.equal((await company.json(home, 'get', 'customer', made.customer)).phone, '021-5559999');
        }
        assert.equal((await company.json('office', 'list', 'conflict', 'state=open')).rows.length, 0);
    });
    await check(`${language}: the receipt holds, as the office sees it`, async () => {
        await office.goTo(`#/receipts/${encodeURIComponent(receipt)}`);
        await sees(office.page.getByText(office.t('office.intact_text')));
        await sees(office.page.getByRole('img', { name: office.t('office.signature_of', { who: '周主任' }) }));
    });
}

export async function day({ company, browser, language }) {
    const network = await Network.make();
    await company.startServer(network.address);
    await network.connect(company.port);
    const people = await joining({ browser, company, language });
    const [person] = (await company.json('office', 'list', 'person', `name=${TECHNICIAN}`)).rows;
    const made = await makeRecords(company, person.id);
    // Its program is to be killed by its id, so it runs as a process of ours from here on.
    people.li.found.expected.push(/./);
    await company.stopAgent('li');
    await people.li.context.close();
    await company.startAgent('li');
    const li = await sitDown(browser, company, 'li', { language });
    await li.unlock();
    await li.isIn();
    await dispatching({ office: people.office, li, language });
    const finished = await offline({ browser, company, office: people.office, li, language, network, made });
    await evening({ company, office: people.office, ...finished, network, language, made });
    await check(`${language}: nothing else was wrong with the pages`, () => {
        people.office.assertQuiet();
        finished.li.assertQuiet();
    });
    await network.cut();
}
