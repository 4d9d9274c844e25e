/* The office decides, dispatches and shuts out: conflicts alike and taken back, the board by keyboard, held work of a revoked laptop, a stick. */
import assert from 'node:assert/strict';
import { check } from '../lib/checks.mjs';
import { sees, sitDown } from '../lib/person.mjs';

const TECHNICIAN = '李强';
const LAPTOP = 'li';

async function prepare(company) {
    await company.startServer();
    await company.joinOwner('office', '王芳');
    await company.client('office', 'sync');
    await company.join('office', LAPTOP, TECHNICIAN, 'technician');
    const customers = [];
    for (const [code, name] of [['KH-1', '第一医院'], ['KH-2', '实验小学']]) {
        const id = await company.make('office', 'customer', { code, name, phone: 'before' });
        const request = await company.make('office', 'service_request', { customer: id, reported_fault: '黑屏', status: 'assigned' });
        // An order makes the customer known to the technician.
        const technician = (await company.json('office', 'list', 'person', `name=${TECHNICIAN}`)).rows[0].id;
        await company.make('office', 'work_order', { number: `PG-${code}`, request, technician, status: 'assigned' });
        customers.push(id);
    }
    await company.client('office', 'sync');
    await company.client(LAPTOP, 'sync');
    for (const id of customers) {
        await company.client(LAPTOP, 'set', 'customer', id, 'phone=theirs');
        await company.client('office', 'set', 'customer', id, 'phone=ours');
    }
    for (const home of [LAPTOP, 'office', LAPTOP, 'office']) {
        await company.client(home, 'sync');
    }
    assert.equal((await company.json('office', 'conflicts')).conflicts.length, 2);
    return customers;
}

async function phones(company, customers) {
    return Promise.all(customers.map(async (id) => (await company.json('office', 'get', 'customer', id)).phone));
}

async function deciding({ company, office, customers }) {
    const [shown] = await phones(company, customers);
    const other = shown === 'ours' ? 'theirs' : 'ours';
    await office.goTo('#/inbox');
    await check('a conflict says what was there before, and both values', async () => {
        await sees(office.page.getByText(office.t('office.base', { value: 'before' })));
        await sees(office.page.getByText('ours', { exact: true }));
        await sees(office.page.getByText('theirs', { exact: true }));
    });
    await check('several are decided alike', async () => {
        await office.page.getByRole('checkbox', { name: office.t('office.select_all') }).check();
        const bulk = office.page.getByRole('group', { name: office.t('office.bulk') });
        await office.button('office.take_other', bulk).click();
        await sees(office.page.getByText(office.t('office.no_conflicts')));
        assert.deepEqual(await phones(company, customers), [other, other]);
    });
    await check('a decision is taken back by a new change', async () => {
        await office.button('office.undo').first().click();
        await sees(office.page.getByText(office.t('office.nothing_to_undo')));
        assert.deepEqual((await phones(company, customers)).sort(), ['ours', 'theirs']);
        assert.equal(await office.button('office.undo').count(), 1);
    });
}

async function dispatching({ company, office }) {
    await office.goTo('#/dispatch');
    await check('an order is moved with the keyboard alone, and taken off the board', async () => {
        const card = office.page.getByRole('button', { name: /PG-KH-1/ });
        await card.focus();
        await office.page.keyboard.press('Enter');
        const dialog = office.page.getByRole('dialog');
        await dialog.getByLabel(office.t('office.planned_start')).fill('2030-01-02T10:30');
        await office.page.keyboard.press('Enter');
        await dialog.waitFor({ state: 'hidden' });
        const planned = (await company.json('office', 'get', 'work_order', 'PG-KH-1')).planned_start;
        assert.match(planned, /^2030-01-02T/);
        await office.goTo('#/dispatch?day=2030-01-02');
        await office.page.getByRole('cell').getByRole('button', { name: /PG-KH-1/ }).click();
        await office.button('office.take_off', dialog).click();
        await dialog.waitFor({ state: 'hidden' });
        const order = await company.json('office', 'get', 'work_order', 'PG-KH-1');
        assert.deepEqual([order.technician, order.planned_start, order.status], [null, null, 'draft']);
    });
}

async function shuttingOut({ company, office, customers }) {
    await office.goTo('#/devices');
    await check('a laptop is revoked after its consequences were read', async () => {
        await office.page.getByRole('row', { name: new RegExp(TECHNICIAN) }).getByRole('button').click();
        const dialog = office.page.getByRole('dialog');
        await sees(dialog.getByText(office.t('office.revoke_work')));
        await dialog.getByLabel(office.t('office.reason')).fill('lost');
        await office.button('office.revoke', dialog).click();
        await dialog.waitFor({ state: 'hidden' });
        await sees(office.page.getByRole('row', { name: new RegExp(TECHNICIAN) }).getByText(office.t('office.device_revoked')));
    });
    await company.client('office', 'sync');
    await company.client(LAPTOP, 'set', 'customer', customers[1], 'phone=late');
    await company.client(LAPTOP, 'sync').catch(() => undefined); // it is told that it is revoked
    await company.client('office', 'sync');
    await office.goTo('#/inbox?tab=review');
    await check('what it sent afterwards waits, is read, and accepted', async () => {
        await office.page.getByRole('checkbox', { name: /late/ }).check();
        await office.button('office.review_accept').click();
        const dialog = office.page.getByRole('dialog');
        await dialog.getByLabel(office.t('office.reason')).fill('asked them');
        await office.button('office.review_accept', dialog).click();
        await sees(office.page.getByText(office.t('office.no_held_work')));
    });
}

async function stick({ company, office }) {
    await office.goTo('#/bundles');
    await check('a bundle goes to the server and back', async () => {
        await sees(office.page.getByText(office.t('office.bundle_waiting', { n: 1 })));
        const download = office.page.waitForEvent('download');
        await office.button('office.bundle_export').click();
        const up = company.path('up.bundle');
        await (await download).saveAs(up);
        const server = company.path('server');
        await company.must([company.server_program, 'bundle', 'import', server, up]);
        const down = company.path('down.bundle');
        await company.must([company.server_program, 'bundle', 'export', server, '--device', 'office', down]);
        await office.page.getByLabel(office.t('office.bundle_file')).setInputFiles(down);
        await sees(office.page.getByText(office.t('office.bundle_waiting', { n: 0 })));
    });
}

export default async function officeDay({ company, browser }) {
    const customers = await prepare(company);
    await company.startAgent('office');
    const office = await sitDown(browser, company, 'office');
    await office.unlock();
    await office.isIn();
    const there = { company, office, customers };
    await deciding(there);
    await dispatching(there);
    await shuttingOut(there);
    await stick(there);
    await check('nothing was wrong with the pages', () => office.assertQuiet());
}
