/* Any record at the pages: found, made, refused, changed, brought back, deleted, two that are one, and CSV out and in. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { check } from '../lib/checks.mjs';
import { picture } from '../lib/pages.mjs';
import { sees, sitDown } from '../lib/person.mjs';
import { fieldLabel } from '../lib/work.mjs';

const PARTS = [
    ['BJ-1', '继电器 24V', '电气', 4500],
    ['BJ-2', '电源模块', '电气', 12000],
    ['BJ-3', '风扇', '机械', 3000],
];

async function prepare(company) {
    await company.startServer();
    await company.joinOwner('office', '王芳');
    await company.client('office', 'sync');
    await company.join('office', 'desk', '赵敏', 'office');
    for (const [code, name, category, price_cents] of PARTS) {
        await company.make('office', 'part', { code, name, category, price_cents });
    }
    await company.client('office', 'sync');
    const labels = {};
    for (const field of ['code', 'name', 'category', 'price_cents', 'spec']) {
        labels[field] = (await fieldLabel(company, 'office', 'part', field, 'en')).replace(' in cents', '');
    }
    return labels;
}

/* The rows of the list have these codes, in this order. */
async function lists({ office }, codes) {
    const links = office.page.getByRole('table').getByRole('link');
    const shown = office.page.getByRole('table').getByRole('row').nth(codes.length);
    await sees(shown);
    for (let left = 100; left > 0 && (await links.allTextContents()).join() !== codes.join(); left--) {
        await office.settled();
    }
    assert.deepEqual(await links.allTextContents(), codes);
}

async function finding(there) {
    const { office, labels } = there;
    const search = office.page.getByRole('searchbox', { name: office.t('common.search') });
    await office.goTo('#/records/part');
    await check('a list shows all, and one Chinese character finds', async () => {
        await lists(there, ['BJ-1', 'BJ-2', 'BJ-3']);
        await search.fill('扇');
        await lists(there, ['BJ-3']);
        await search.fill('');
    });
    await check('a list is sorted by a column, and back', async () => {
        const title = office.page.getByRole('columnheader').getByRole('button', { name: new RegExp(`^${labels.price_cents}`) });
        await title.click();
        await lists(there, ['BJ-3', 'BJ-1', 'BJ-2']);
        await title.click();
        await lists(there, ['BJ-2', 'BJ-1', 'BJ-3']);
        await title.click();
    });
    await check('a list is filtered by a value and by a range', async () => {
        await office.button('records.filters').click();
        await office.field('records.add_filter').selectOption({ label: labels.category });
        await office.page.getByRole('textbox', { name: labels.category }).fill('电气');
        await lists(there, ['BJ-1', 'BJ-2']);
        await office.field('records.add_filter').selectOption({ label: labels.price_cents });
        await office.page.getByLabel(office.t('records.from', { field: labels.price_cents })).fill('100');
        await lists(there, ['BJ-2']);
        await picture(office.page, 'records-filtered');
    });
}

async function writing({ company, office, labels }) {
    const input = (field) => office.page.getByRole('textbox', { name: labels[field] });
    await office.goTo('#/records/part/new');
    await check('what is missing is said beside its field', async () => {
        await input('code').fill('BJ-4');
        await office.button('common.save').click();
        await sees(office.page.getByRole('alert').getByText(office.t('common.required')));
        assert.equal(await input('name').getAttribute('aria-invalid'), 'true');
    });
    await check('what the command refuses is said beside its field, and nothing is lost', async () => {
        office.found.expected.push(/422.*word=new/);
        await input('code').fill('BJ-1');
        await input('name').fill('传感器');
        await office.button('common.save').click();
        await sees(office.page.getByRole('alert').getByText('there is already a part with this code'));
        assert.equal(await input('code').getAttribute('aria-invalid'), 'true');
        assert.equal(await input('name').inputValue(), '传感器');
    });
    await check('a new row is there', async () => {
        await input('code').fill('BJ-4');
        await input('price_cents').fill('12.5');
        await office.button('common.save').click();
        await sees(office.page.getByRole('heading', { name: '传感器' }));
        assert.equal((await company.json('office', 'get', 'part', 'BJ-4')).price_cents, 1250);
    });
    await check('it is edited', async () => {
        await company.client('office', 'sync'); // else the history would say that it was made so
        await office.page.getByRole('link', { name: office.t('common.edit'), exact: true }).click();
        await input('name').fill('温度传感器');
        await office.button('common.save').click();
        await sees(office.page.getByRole('heading', { name: '温度传感器' }));
    });
}

async function goingBack({ company, office }) {
    await company.client('office', 'sync');
    await check('its history shows the change, and leads back', async () => {
        await office.page.getByRole('tab', { name: office.t('records.history') }).click();
        await sees(office.page.getByText(office.t('records.kind_changed'), { exact: true }));
        await office.button('records.revert').last().click();
        await office.button('records.revert', office.page.getByRole('dialog')).click();
        await sees(office.page.getByRole('heading', { name: /^传感器/ }));
        assert.equal((await company.json('office', 'get', 'part', 'BJ-4')).name, '传感器');
    });
    await check('it is deleted after a question', async () => {
        const { id } = await company.json('office', 'get', 'part', 'BJ-4');
        office.found.expected.push(new RegExp(`422.*word=get&.*word=${id}`)); // the page asks for it once more before it is left
        await office.button('common.delete').click();
        await office.button('common.delete', office.page.getByRole('dialog')).click();
        await sees(office.page.getByRole('heading', { name: /Part/ }));
        assert.equal((await company.json('office', 'list', 'part', 'code=BJ-4')).rows.length, 0);
    });
}

async function csv({ company, office }) {
    await office.goTo('#/records/part?sort=code');
    const file = company.path('part.csv');
    await check('CSV goes out', async () => {
        const download = office.page.waitForEvent('download');
        await office.button('records.export').click();
        await (await download).saveAs(file);
        assert.match(readFileSync(file, 'utf8'), /BJ-3,风扇/);
    });
    await check('CSV comes in: changed, new, and what is wrong by its line', async () => {
        office.found.expected.push(/422.*word=import/);
        const text = readFileSync(file, 'utf8');
        writeFileSync(file, text.replace('风扇', '静音风扇'));
        await office.button('records.import').click();
        const dialog = office.page.getByRole('dialog');
        const input = dialog.getByLabel(office.t('records.file'));
        await input.setInputFiles(file);
        await office.button('records.import', dialog).click();
        await sees(dialog.getByText(office.t('records.imported', { inserted: 0, updated: 1, unchanged: 2 })));
        const wrong = company.path('wrong.csv');
        writeFileSync(wrong, 'code,name,price_cents\nBJ-5,阀门,100\nBJ-6,水泵,much\n');
        await input.setInputFiles(wrong);
        await office.button('records.import', dialog).click();
        await sees(dialog.getByRole('cell', { name: '3', exact: true }));
        await dialog.getByRole('checkbox').check();
        await office.button('records.import', dialog).click();
        await sees(dialog.getByText(office.t('records.imported', { inserted: 1, updated: 0, unchanged: 0 })));
        assert.equal((await company.json('office', 'get', 'part', 'BJ-3')).name, '静音风扇');
        assert.equal((await company.json('office', 'list', 'part', 'code=BJ-6')).rows.length, 0);
        await office.page.keyboard.press('Escape');
    });
}

/* Two make a part with one code without knowing of each other. */
async function makeTwins(company) {
    const kept = await company.make('office', 'part', { code: 'BJ-9', name: '滤波器', price_cents: 800 });
    const dropped = await company.make('desk', 'part', { code: 'BJ-9', name: '电源滤波器', spec: '220V' });
    for (const home of ['desk', 'office']) {
        await company.client(home, 'sync');
    }
    assert.equal((await company.json('office', 'exceptions')).exceptions.length, 1);
    return { kept, dropped };
}

async function merging({ company, office, labels }) {
    const { kept, dropped } = await makeTwins(company);
    await office.goTo('#/inbox?tab=exceptions');
    await check('a duplicate leads to both rows, the first made to be kept', async () => {
        await office.page.getByRole('link', { name: office.t('office.to_merge') }).click();
        await sees(office.page.getByText(office.t('records.merge_final')));
        const choice = office.page.getByRole('group', { name: office.t('records.merge_keep') });
        assert.ok(await choice.getByRole('radio', { name: /^滤波器/ }).isChecked());
        assert.ok(await office.page.getByRole('group', { name: labels.spec }).getByRole('radio', { name: '220V' }).isChecked());
    });
    await check('they are one after a question, with the values that were chosen', async () => {
        await office.page.getByRole('group', { name: labels.name }).getByText('电源滤波器').click();
        await picture(office.page, 'records-merge');
        await office.button('records.merge').click();
        office.found.expected.push(new RegExp(`422.*word=get&.*word=${dropped}`)); // the page asks for it once more before it is left
        await office.button('records.merge', office.page.getByRole('dialog')).click();
        await sees(office.page.getByRole('heading', { name: '电源滤波器' }));
        const { rows } = await company.json('office', 'list', 'part', 'code=BJ-9');
        assert.deepEqual(rows.map(({ id, name, spec, price_cents }) => [id, name, spec, price_cents]), [[kept, '电源滤波器', '220V', 800]]);
        await company.client('office', 'sync');
        assert.equal((await company.json('office', 'exceptions')).exceptions.length, 0);
    });
    await check('a record is merged with another that is chosen', async () => {
        await office.page.getByRole('link', { name: office.t('records.merge_link') }).click();
        await office.page.getByRole('combobox', { name: office.t('records.merge_with') }).fill('阀');
        await office.page.getByRole('option', { name: /阀门/ }).click();
        const choice = office.page.getByRole('group', { name: office.t('records.merge_keep') });
        await sees(choice.getByRole('radio', { name: /^阀门/ }));
        assert.ok(await choice.getByRole('radio', { name: /^阀门/ }).isChecked()); // it was made first
    });
}

export default async function records({ company, browser }) {
    const labels = await prepare(company);
    await company.startAgent('office');
    const office = await sitDown(browser, company, 'office');
    await office.unlock();
    await office.isIn();
    const there = { company, office, labels };
    await finding(there);
    await writing(there);
    await goingBack(there);
    await csv(there);
    await merging(there);
    await check('nothing was wrong with the pages', () => office.assertQuiet());
}
