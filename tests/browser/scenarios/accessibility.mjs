/* axe-core finds nothing wrong with any page: every route of the router, the way in, in both languages and both colour schemes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check } from '../lib/checks.mjs';
import { routes, technicianRoutes } from '../lib/interface.mjs';
import { picture } from '../lib/pages.mjs';
import { Person, sees, sitDown } from '../lib/person.mjs';
import { makeConflict, makeOrder, makeRecords, makeVault, makeVisit, startCompany } from '../lib/sample.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LOOKS = [
    { language: 'zh', colorScheme: 'light' },
    { language: 'en', colorScheme: 'dark' },
];

/* Values for ":name" in paths; a route that needs others than all is named. */
function parametersOf(name, made) {
    const all = { entity: 'customer', id: made.customer, project: made.project, item: made.item };
    const own = { visit: { id: made.visit }, receipt: { id: made.receipt }, receiptShown: { id: made.receipt }, recordMerge: { entity: 'part', id: made.part } };
    return { ...all, ...own[name] };
}

function pathOf(name, made) {
    const parameters = parametersOf(name, made);
    const query = name === 'recordMerge' ? `?with=${made.parts[1]}` : '';
    const path = routes[name].replace(/:(\w+)/g, (_, parameter) => {
        assert.ok(parameters[parameter] !== undefined, `the route ${name} needs :${parameter}: give it one in parametersOf`);
        return encodeURIComponent(parameters[parameter]);
    });
    return path + query;
}

async function violations(page) {
    await page.evaluate(AXE);
    const results = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    return results.violations.flatMap(({ id, help, nodes }) =>
        nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)} (${[...node.any, ...node.all].map((each) => each.message).join('; ')})`),
    );
}

async function expectAccessible(text, person) {
    await check(`${person.language}: ${text}`, async () => {
        await person.settled();
        const wrong = [...(await violations(person.page)), ...person.found.problems.splice(0)];
        assert.equal(wrong.length, 0, wrong.join('\n'));
    });
}

async function routesOf(person, names, made) {
    for (const name of names) {
        await person.goTo(pathOf(name, made));
        await sees(person.page.getByRole('main'));
        await expectAccessible(name, person);
        await picture(person.page, `${name}-${person.language}`);
    }
}

async function wayIn({ browser, company, look }) {
    const stranger = await sitDown(browser, company, 'nobody', look);
    await sees(stranger.heading('app.join_title'));
    await expectAccessible('join', stranger);
    const tab = new Person(stranger, await stranger.context.newPage());
    await tab.page.goto(new URL('/', stranger.page.url()).href);
    await sees(tab.heading('app.session_ended'));
    await expectAccessible('session over', tab);
    await stranger.context.close();
}

async function sample(company) {
    const technician = await startCompany(company);
    const made = await makeRecords(company, technician);
    const first = await makeOrder(company, made, technician, 'PG-101', '挂号时数据库无响应');
    await makeOrder(company, made, technician, 'PG-102', '叫号屏黑屏');
    await company.client('office', 'sync');
    await company.client('li', 'sync');
    Object.assign(made, await makeVisit(company, 'li', first));
    await makeConflict(company, made);
    made.item = await makeVault(company);
    return made;
}

export default async function accessibility({ company, browser }) {
    const made = await sample(company);
    const people = [
        ['li', Object.keys(technicianRoutes)],
        ['office', Object.keys(routes).filter((name) => !(name in technicianRoutes))],
    ];
    for (const look of LOOKS) {
        await wayIn({ browser, company, look });
        for (const [home, names] of people) {
            if (!company.agents.has(home)) {
                await company.startAgent(home);
            }
            await company.client(home, 'lock');
            const person = await sitDown(browser, company, home, look);
            await sees(person.heading('app.unlock_title'));
            await expectAccessible(`unlock (${home})`, person);
            await person.unlock();
            await person.isIn();
            await routesOf(person, names, made);
            await person.context.close();
        }
    }
}
