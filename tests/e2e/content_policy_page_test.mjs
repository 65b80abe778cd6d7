// The page under the strictest content policy that a product documents: AIRI's "default-src 'self'" on every answer.
// The other files use the page under the SaaS's.

import assert from 'node:assert/strict';

import { Browser, conversationOf, ended, say, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const policy = "default-src 'self'";
const key = 'content_security_policy';
const [{ value: before }] = await system.rows('select value from system_settings where key = $1', [key]);
const set = (value) =>
    system.rows('update system_settings set value = $2 where key = $1', [key, JSON.stringify(value)]);
const shown = async (path) => (await fetch(`${url}${path}`)).headers.get('content-security-policy');

await check(
    "AIRI-12: the page works under default-src 'self': it signs up, chats over its socket and shows the account",
    async () => {
        await set(policy);
        try {
            await eventually('the policy is in force', async () => (await shown('/api/v1/plans')) === policy);
            assert.ok((await shown('/')).startsWith(`${policy}, `));
            const browser = await new Browser(url).start();
            const page = await browser.openPage();
            const sockets = [];
            page.on('websocket', (socket) => sockets.push(socket.url()));
            await signUp(page, url, { name: 'Nora', email: freshEmail('policy'), password: 'a long enough password' });
            await page.locator('#companions .card').first().click();
            await say(page, 'Hello.');
            await ended(page, 1);
            assert.ok(conversationOf(page) && sockets.length > 0);
            await page.click('#settings');
            await page.locator('#profile-name').waitFor();
            assert.deepEqual(browser.faults, []);
        } finally {
            await set(before);
        }
    },
);
