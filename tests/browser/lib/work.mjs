/* A technician's work at the pages. What a person does is counted: a click, a text typed, a key pressed. */
import assert from 'node:assert/strict';
import { sees } from './person.mjs';

export class Technician {
    constructor(person) {
        this.person = person;
        this.page = person.page;
        this.t = person.t;
        this.actions = 0;
    }

    async click(locator) {
        this.actions++;
        await locator.click();
    }

    async type(locator, text) {
        this.actions++;
        await locator.fill(text);
    }

    async press(key) {
        this.actions++;
        await this.page.keyboard.press(key);
    }

    async unlock(passphrase) {
        await this.type(this.page.getByLabel(this.t('app.passphrase')), passphrase);
        await this.press('Enter');
        await this.person.isIn();
    }

    /* An order card is a list item with the number of its order. */
    async begin(number) {
        await this.person.goTo('#/today');
        const card = this.page.getByRole('listitem').filter({ hasText: number });
        await this.click(this.person.button('technician.start', card));
        await sees(this.page.getByLabel(this.t('technician.actual_fault')));
    }

    async write({ fault, work }) {
        await this.type(this.page.getByLabel(this.t('technician.actual_fault')), fault);
        await this.type(this.page.getByLabel(this.t('technician.work_done')), work);
        await this.page.getByLabel(this.t('technician.work_done')).blur();
        await sees(this.page.getByText(this.t('technician.saved'), { exact: true }).nth(1));
    }

    async result(label) {
        await this.click(this.page.getByText(label, { exact: true }));
        await this.person.settled();
        assert.ok(await this.page.getByRole('radio', { name: label, exact: true }).isChecked());
    }

    async part(code, quantity) {
        const search = this.page.getByLabel(this.t('technician.part_search'));
        await this.type(search, code);
        await this.press('Enter');
        await this.type(this.page.getByLabel(new RegExp(`^${this.t('technician.quantity')}`)), quantity);
        await this.press('Enter');
        await sees(search);
    }

    async sign(signer) {
        await this.type(this.page.getByRole('textbox', { name: this.t('technician.signer'), exact: true }), signer);
        await this.draw();
        await this.click(this.person.button('technician.sign_and_finish'));
    }

    async draw() {
        const pad = this.page.getByLabel(this.t('technician.pad'));
        await pad.scrollIntoViewIfNeeded();
        const box = await pad.boundingBox();
        this.actions++;
        await this.page.mouse.move(box.x + 40, box.y + 40);
        await this.page.mouse.down();
        await this.page.mouse.move(box.x + 120, box.y + 70, { steps: 6 });
        await this.page.mouse.move(box.x + 200, box.y + 30, { steps: 6 });
        await this.page.mouse.up();
    }

    /* The number of the receipt. */
    async finished() {
        const pattern = new RegExp(this.t('technician.done', { number: '(\\S+)' }));
        const done = this.page.getByText(pattern);
        await sees(done);
        return pattern.exec(await done.first().textContent())[1];
    }
}

/* As the pages write what the program calls things. */
function written({ label_zh, label_en }, language) {
    return language === 'zh' ? label_zh : label_en.charAt(0).toUpperCase() + label_en.slice(1);
}

async function fieldOf(company, home, entity, field) {
    const { entities } = await company.json(home, 'entities');
    return entities.find((each) => each.name === entity).fields.find((each) => each.name === field);
}

export async function fieldLabel(company, home, entity, field, language) {
    return written(await fieldOf(company, home, entity, field), language);
}

export async function choiceLabel(company, home, entity, field, choice, language) {
    const { choices } = await fieldOf(company, home, entity, field);
    return written(choices.find((each) => each.name === choice), language);
}
