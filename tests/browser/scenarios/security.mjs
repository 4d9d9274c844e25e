/* The local API against other pages of the same browser, and what the pages keep from whoever comes later. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { check } from '../lib/checks.mjs';
import { attempts, openForeign } from '../lib/foreign.mjs';
import { openWindow, REBOUND } from '../lib/pages.mjs';
import { Person, sees, sitDown } from '../lib/person.mjs';
import { run } from '../lib/processes.mjs';

const NAME = '王芳 the owner';
const BEARER = 'countersign.bearer';

async function foreignPages({ browser, company, office, origin }) {
    const foreign = await openForeign();
    const bearer = await office.page.evaluate((key) => sessionStorage.getItem(key), BEARER);
    const address = new URL(await company.address('office'));
    const token = address.hash.replace('#token=', '');
    for (const host of ['127.0.0.1', 'localhost', REBOUND]) {
        const window = await openWindow(browser);
        const page = await window.context.newPage();
        const statuses = [];
        window.context.on('response', (response) => response.url().startsWith(origin) && statuses.push(response.status()));
        await page.goto(`http://${host}:${foreign.port}/`);
        const results = await page.evaluate(attempts, { base: origin, token, stolen: bearer });
        await check(`a page of ${host} on another port reads nothing and does nothing`, async () => {
            assert.deepEqual(Object.entries(results).filter(([, result]) => result !== 'refused'), []);
            assert.ok(Object.keys(results).length >= 18, 'everything was tried');
            assert.ok(statuses.length > 0, 'some of it reached the program');
            assert.deepEqual(statuses.filter((status) => status < 400), [], 'and all of that was refused');
            assert.equal((await company.json('office', 'status')).person_name, NAME, 'it is still unlocked');
        });
        await window.context.close();
    }
    await foreign.close();
    await check('a token that another page tried to use still works, once', async () => {
        const first = await openWindow(browser);
        const page = await first.context.newPage();
        await page.goto(address.href);
        await new Person(first, page).isIn();
        const second = await openWindow(browser);
        second.found.expected.push(/status 403|status of 403/);
        const late = new Person(second, await second.context.newPage());
        await late.page.goto(address.href);
        await sees(late.heading('app.session_ended'));
        await first.context.close();
        await second.context.close();
    });
}

async function reboundName({ browser, office, port }) {
    const window = await openWindow(browser);
    const page = await window.context.newPage();
    const bearer = await office.page.evaluate((key) => sessionStorage.getItem(key), BEARER);
    const answer = await page.goto(`http://${REBOUND}:${port}/`);
    const results = await page.evaluate(attempts, { base: `http://${REBOUND}:${port}`, token: 'x', stolen: bearer });
    await check('a name that is mapped to this computer gets nothing, not even with a bearer', async () => {
        assert.equal(answer.status(), 403);
        for (const [name, result] of Object.entries(results)) {
            // It is the same origin to the browser: it reads the refusal, and that says nothing.
            assert.match(result, /^refused$|^status 403: |^loaded$|"status": ?"/, name);
            assert.doesNotMatch(result, /Countersign<|"unlocked"|"person"/, name);
        }
        assert.equal(results.image, 'refused');
        assert.equal(results.script, 'refused');
        assert.match(results['command with a bearer'], /^status 403: /);
    });
    await window.context.close();
}

async function oneWindow({ browser, company }) {
    const office = await sitDown(browser, company, 'office');
    await check('the address has lost its token, and nothing that lasts has it or the bearer', async () => {
        await sees(office.heading('app.unlock_title'));
        assert.doesNotMatch(office.page.url(), /token/);
        assert.equal(await office.page.evaluate(() => JSON.stringify(localStorage).includes('bearer')), false);
        assert.equal(await office.page.evaluate(() => document.cookie), '');
        await office.page.goBack().catch(() => undefined);
        assert.doesNotMatch(office.page.url(), /token/);
        await office.page.goForward().catch(() => undefined);
    });
    await check('a wrong passphrase is refused beside its field, and the right one opens', async () => {
        office.found.expected.push(/423/);
        await office.unlock('a wrong passphrase');
        await sees(office.page.getByRole('alert'));
        await office.unlock();
        await office.isIn();
    });
    await check('a reload goes on', async () => {
        await office.page.reload();
        await office.isIn();
        await sees(office.page.getByText(NAME));
    });
    await check('a second tab has no session, and says how to get one', async () => {
        const tab = await office.context.newPage();
        await tab.goto(new URL('/', office.page.url()).href);
        const stranger = new Person(office, tab);
        await sees(stranger.heading('app.session_ended'));
        await sees(tab.getByText('countersign ui'));
        assert.equal(await tab.getByText(NAME).count(), 0);
        await tab.close();
    });
    return office;
}

async function policy({ office }) {
    await check('a script, a handler, code out of a text and another host are stopped by the policy', async () => {
        office.found.expected.push(/Content.Security.Policy/i);
        const stopped = await office.page.evaluate(async () => {
            const violated = [];
            document.addEventListener('securitypolicyviolation', (event) => violated.push(event.effectiveDirective));
            const script = document.createElement('script');
            script.textContent = 'window.injected = "script"';
            document.body.append(script);
            const box = document.createElement('div');
            box.innerHTML = '<img src="data:," onerror="window.injected = 1"><p style="color: red">x</p>';
            document.body.append(box);
            await fetch('http://127.0.0.1:9/').catch(() => undefined);
            await new Promise((resolve) => setTimeout(resolve, 300));
            box.remove();
            script.remove();
            return { injected: window.injected, violated };
        });
        assert.equal(stopped.injected, undefined);
        for (const directive of ['script-src-elem', 'script-src-attr', 'style-src-attr', 'connect-src']) {
            assert.ok(stopped.violated.includes(directive), `${directive} in ${stopped.violated}`);
        }
    });
}

async function locking({ company, office }) {
    await check('locked from elsewhere, the pages show and keep nothing', async () => {
        await sees(office.page.getByText(NAME));
        await company.client('office', 'lock');
        await sees(office.heading('app.unlock_title'));
        assert.doesNotMatch(await office.page.content(), new RegExp(NAME));
        assert.equal(await office.page.evaluate((name) => JSON.stringify({ ...localStorage, ...sessionStorage }).includes(name), NAME), false);
    });
    await check('unlocked again, and locked by its button', async () => {
        await office.unlock();
        await office.isIn();
        await office.button('app.lock').click();
        await sees(office.heading('app.unlock_title'));
        assert.doesNotMatch(await office.page.content(), new RegExp(NAME));
    });
}

/* What a desktop opens is a file in the home that sends the browser on; a stand-in for xdg-open tells which. */
async function desktop({ browser, company }) {
    const tools = company.path('tools');
    mkdirSync(tools);
    writeFileSync(`${tools}/xdg-open`, `#!/bin/sh\nprintf %s "$1" >'${company.path('opened')}'\n`);
    chmodSync(`${tools}/xdg-open`, 0o700);
    const asked = await run([company.client_program, '--home', company.path('office'), 'ui', '--json'], {
        env: { ...company.env, DISPLAY: ':1', PATH: `${tools}:${process.env.PATH}` },
    });
    await check('what a desktop opens leads to the pages', async () => {
        assert.equal(asked.code, 0, asked.err);
        const window = await openWindow(browser);
        window.found.expected.push(/^leaves this computer: file:/);
        const page = await window.context.newPage();
        await page.goto(pathToFileURL(readFileSync(company.path('opened'), 'utf8')).href);
        await sees(new Person(window, page).heading('app.unlock_title'));
        assert.deepEqual(window.found.problems, []);
        await window.context.close();
    });
}

export default async function security({ company, browser }) {
    await company.startServer();
    await company.joinOwner('office', NAME);
    await company.startAgent('office');
    const office = await oneWindow({ browser, company });
    const origin = new URL(office.page.url()).origin;
    const there = { browser, company, office, origin, port: new URL(origin).port };
    await foreignPages(there);
    await reboundName(there);
    await policy(there);
    await locking(there);
    await desktop(there);
    await check('nothing else was wrong with the pages', () => office.assertQuiet());
}
