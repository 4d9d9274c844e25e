/* What a person does at the pages, whatever they are about: every element is found by its role and its label. */
import assert from 'node:assert/strict';
import { PASSPHRASE } from './company.mjs';
import { texter } from './interface.mjs';
import { openWindow } from './pages.mjs';
import { pause } from './processes.mjs';

const SETTLED_PAUSE_MS = 50;
const SETTLED_CALM = 3;
const SETTLED_TRIES_MAX = 200;

/* Waits until it is there, and says what was awaited. */
export async function sees(locator) {
    await locator.first().waitFor({ state: 'visible' });
}

export class Person {
    constructor(window, page) {
        Object.assign(this, window);
        this.page = page;
        this.t = texter(window.language);
    }

    button(key, scope = this.page) {
        return scope.getByRole('button', { name: this.t(key), exact: true });
    }

    heading(key) {
        return this.page.getByRole('heading', { name: this.t(key), exact: true });
    }

    field(key, scope = this.page) {
        return scope.getByLabel(this.t(key));
    }

    async unlock(passphrase = PASSPHRASE) {
        await this.page.getByLabel(this.t('app.passphrase')).fill(passphrase);
        await this.button('app.unlock').click();
    }

    async isIn() {
        await sees(this.page.getByRole('navigation', { name: this.t('app.menu') }));
    }

    /* A page by its path, as a link leads there. */
    async goTo(path) {
        await this.page.evaluate((hash) => (location.hash = hash), path);
    }

    /* Until everything that the page asked for is there and shown. */
    async settled() {
        const loading = this.page.getByText(this.t('common.loading'));
        for (let calm = 0, left = SETTLED_TRIES_MAX; calm < SETTLED_CALM; left--) {
            if (left === 0) {
                throw new Error(`${this.page.url()} is still loading; commands without an answer: ${this.found.asked}`);
            }
            calm = this.found.asked === 0 && (await loading.count()) === 0 ? calm + 1 : 0;
            await pause(SETTLED_PAUSE_MS);
        }
    }

    /* Nothing was wrong with the pages until now. */
    assertQuiet() {
        assert.deepEqual(this.found.problems, []);
    }
}

/* Opens the pages of a home in a window of its own. */
export async function sitDown(browser, company, home, options) {
    const window = await openWindow(browser, options);
    const page = await window.context.newPage();
    await page.goto(await company.address(home));
    return new Person(window, page);
}
