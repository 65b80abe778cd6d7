// A real browser on the pages of a system. CHROMIUM is the browser's path, by default Debian's.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

import { afterFile } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const desk = { viewport: { width: 1280, height: 820 }, colorScheme: 'light' };

let chromiumRunning; // one for all files of this process

// `faults` collects exceptions, violations of the content policy and requests to other origins on all of its pages.
export class Browser {
    constructor(url) {
        this.url = url;
        this.faults = [];
        this.contexts = [];
    }

    async start() {
        chromiumRunning ??= chromium.launch({
            executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
            args: [
                '--no-sandbox',
                '--disable-gpu',
                '--disable-quic',
                '--no-first-run',
                '--disable-background-networking',
                '--disable-component-update',
                '--disable-sync',
            ],
        });
        this.browser = await chromiumRunning;
        this.context = await this.newContext();
        afterFile(() => this.close());
        return this;
    }

    // Separate storage and cookies, like another user's browser.
    async newContext() {
        const context = await this.browser.newContext(desk);
        this.contexts.push(context);
        return context;
    }

    async openPage(context = this.context) {
        const page = await context.newPage();
        page.setDefaultTimeout(20_000);
        page.on('pageerror', (error) => this.faults.push(`exception: ${error.stack}`));
        page.on('console', (message) => {
            if (/content security policy|refused to/i.test(message.text())) this.faults.push(message.text());
        });
        page.on('request', (request) => {
            const { protocol, origin } = new URL(request.url());
            if (protocol !== 'blob:' && origin !== new URL(this.url).origin)
                this.faults.push(`external request: ${request.url()}`);
        });
        return page;
    }

    close() {
        return Promise.all(this.contexts.map((context) => context.close()));
    }
}

// The heading shows that the view is complete; lists beside it may appear earlier.
export async function accessible(page, what) {
    await page.locator('h1:visible').first().waitFor();
    await page.evaluate(axeSource);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    const violations = found.violations.map(
        (v) => `${what}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).join(' | ')}`,
    );
    assert.deepEqual(violations, []);
}

export async function inBothSchemes(page, what) {
    // The faces are animated, but only colours and names are checked.
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await accessible(page, `${what}, light`);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await accessible(page, `${what}, dark`);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' });
}

// Fills and sends the login form; the caller checks the outcome.
export async function logIn(page, email, password) {
    await page.fill('#email', email);
    await page.fill('#password', password);
    await page.click('#auth-submit');
}

// Signs up a new user on a page and waits for the companions.
export async function signUp(page, url, { name, email, password }) {
    await page.goto(url);
    await page.click('#auth-change');
    await page.fill('#display_name', name);
    await page.fill('#birth_date', '1990-02-28');
    await logIn(page, email, password);
    await page.locator('#companions .card').first().waitFor();
}

export const replies = (page) => page.locator('.item.reply');
export const stateOf = (page) => replies(page).last().getAttribute('data-state');
export const conversationOf = (page) => new URL(page.url()).hash.split('/')[2];

export async function say(page, text) {
    await page.locator('#message').fill(text);
    await page.locator('#message').press('Enter');
}

export async function ended(page, count, state = 'completed') {
    await eventually(
        `reply ${count} is ${state}`,
        async () => (await replies(page).count()) >= count && (await stateOf(page)) === state,
    );
}
