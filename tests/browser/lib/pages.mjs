/* Chromium, and pages that are watched: an error in the console, a request that failed, and one that left this computer are all found. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const CHROMIUM = process.env.COUNTERSIGN_CHROMIUM ?? '/usr/bin/chromium';
/* A name that an attacker's name server maps to this computer. No other name leads anywhere. */
export const REBOUND = 'rebound.test';
const WAIT_MS_MAX = 10000;
/* A form asks whether it was begun before; that it was not is answered as a refusal. */
const NO_DRAFT = /422.*word=draft&word=--json&word=get&/;

export async function openBrowser() {
    return chromium.launch({
        executablePath: CHROMIUM,
        args: [
            `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost`,
            // Chromium's own sandbox does not start for root, who runs tests in containers.
            ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        ],
    });
}

/* A window of its own, as another person at another computer has one. */
export async function openWindow(browser, { language = 'en', ...options } = {}) {
    const context = await browser.newContext({ locale: language === 'zh' ? 'zh-CN' : 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(WAIT_MS_MAX);
    const found = watch(context);
    return { context, found, language };
}

/* What a test finds wrong with the pages of a window. `expected`: what it provokes on purpose. `asked`: commands that are not answered yet. */
function watch(context) {
    const found = { problems: [], expected: [NO_DRAFT], asked: 0 };
    const note = (text) => {
        if (!found.expected.some((pattern) => pattern.test(text))) {
            found.problems.push(text);
        }
    };
    context.on('console', (message) => {
        if (message.type() === 'error') {
            note(`console: ${message.text()} ${message.location().url}`);
        }
    });
    context.on('weberror', (error) => note(`error: ${error.error().message}`));
    context.on('request', (request) => {
        const url = new URL(request.url());
        if (!['blob:', 'data:'].includes(url.protocol) && url.hostname !== '127.0.0.1') {
            note(`leaves this computer: ${request.url()}`);
        }
    });
    const isCommand = (request) => request.url().includes('/api/command');
    context.on('request', (request) => (found.asked += isCommand(request) ? 1 : 0));
    context.on('requestfinished', (request) => (found.asked -= isCommand(request) ? 1 : 0));
    context.on('requestfailed', (request) => {
        found.asked -= isCommand(request) ? 1 : 0;
        // A page that is left, or a stream that is over, gives up what it waits for.
        if (request.failure()?.errorText !== 'net::ERR_ABORTED') {
            note(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
        }
    });
    context.on('response', (response) => {
        if (response.status() >= 400) {
            note(`status ${response.status()}: ${response.request().method()} ${response.url()}`);
        }
    });
    return found;
}

/* Only where a folder is named: pages may show what is private. */
export async function picture(page, name) {
    const folder = process.env.COUNTERSIGN_SCREENSHOTS;
    if (folder !== undefined) {
        mkdirSync(folder, { recursive: true });
        await page.screenshot({ path: join(folder, `${name}.png`) });
    }
}
