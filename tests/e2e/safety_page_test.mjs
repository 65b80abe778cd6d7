// People are told that they talk with an AI, at all times and when it is due, and find the safety protocol.

import assert from 'node:assert/strict';

import { Browser, ended, inBothSchemes, say, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const email = freshEmail('told');
const browser = await new Browser(url).start();
const page = await browser.openPage();
const squeeze = (text) => text.replace(/\s+/g, ' ').trim();

await check('NY GBL 47: the conversation says at all times that it is with an AI, on a phone too', async () => {
    await signUp(page, url, { name: 'Nell', email, password: 'a long enough password' });
    await page.locator('#companions .card').first().click();
    await page.locator('#chat').waitFor();
    for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 780 });
        assert.ok(await page.isVisible('#ai-notice'), `at ${width} pixels`);
        assert.match(squeeze(await page.innerText('#ai-notice')), /^You are talking with an AI\./);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    }
    await page.setViewportSize({ width: 1280, height: 820 });
});

await check('NY GBL 47: the notices that are due are lines of the service in the conversation', async () => {
    await say(page, 'Hello.');
    const notices = page.locator('.item.system');
    await notices.first().waitFor();
    assert.match(await notices.first().innerText(), /computer program, not a human being/);
    await ended(page, 1);
    const order = () => page.locator('#messages > li').evaluateAll((items) => items.map((item) => item.classList[1]));
    assert.deepEqual(await order(), ['user', 'system', 'reply']);
    await system.rows(
        `update continued_use set began_at = began_at - interval '3 hours', used_at = used_at - interval '2 minutes'
         where user_id = (select id from users where email = $1)`,
        [email],
    );
    await say(page, 'Still here.');
    await notices.nth(1).waitFor();
    await ended(page, 2);
    assert.match(await notices.nth(1).innerText(), /^A reminder: this is an AI/);
    assert.deepEqual(await order(), ['user', 'system', 'reply', 'user', 'system', 'reply']);
    await inBothSchemes(page, 'a conversation with notices');
});

await check('SB 243: the protocol is linked beside the help, and has its tables under its content policy', async () => {
    const [opened] = await Promise.all([page.context().waitForEvent('page'), page.click('#safety-link')]);
    await opened.waitForLoadState();
    assert.equal(new URL(opened.url()).pathname, '/safety');
    const other = await browser.openPage();
    const answer = await other.goto(`${url}/safety`);
    assert.match(answer.headers()['content-security-policy'], /^default-src 'none'; script-src 'self';/);
    await other.locator('#notices tbody tr').first().waitFor();
    const rows = (await other.locator('#notices tbody tr').allInnerTexts()).map(squeeze);
    const found = (pattern) =>
        assert.ok(
            rows.some((row) => pattern.test(row)),
            `${pattern}\n${rows.join('\n')}`,
        );
    found(/^United States, NY Everybody Every 3 h of continued use.* 2025-11-05 New York GBL Art\. 47$/);
    found(/^United States, CA Minors Every 3 h of continued use, with a break/);
    found(/^United States, OR .*2027-01-01 Oregon SB 1546 \(conversations are interrupted\)$/);
    found(/^European Union Everybody When you begin/);
    await inBothSchemes(other, 'the protocol');
    for (const width of [1280, 360]) {
        await other.setViewportSize({ width, height: 780 });
        assert.equal(await other.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    }
});

await check('SB 243: the protocol shows the yearly figures', async () => {
    await system.rows(
        `insert into crisis_referrals (year, country, kind, shown, false_alarms, counted_at)
         values (extract(year from now() at time zone 'utc'), 'LU', 'help', 12, 1, now())`,
    );
    const other = await browser.openPage();
    await other.goto(`${url}/safety`);
    await other.getByText('Luxembourg').waitFor();
    const row = squeeze(await other.locator('#referrals tr', { hasText: 'Luxembourg' }).innerText());
    assert.equal(row, `${new Date().getUTCFullYear()} Luxembourg 12 <5`);
    await system.rows("delete from crisis_referrals where country = 'LU'");
});

await check('the pages throw no exception, keep the content policy and load nothing from other origins', () =>
    assert.deepEqual(browser.faults, []),
);
