// The usage ledger in a browser: the receipt of a reply, the last days, and the whole report as a file.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Browser, conversationOf, ended, inBothSchemes, replies, say, signUp } from './browser.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { url } = await pageSystem();
const api = new Api(url);
const browser = await new Browser(url).start();
const page = await browser.openPage();
await signUp(page, url, { name: 'Nora', email: freshEmail('usage'), password: 'a long enough password' });
api.token = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')).access_token);

const days = page.locator('#usage-days tbody tr');
const get = async (path) => (await api.call('GET', path)).data;
const usd = (nanos) => `${(nanos / 1e9).toFixed(9).replace(/\.?0+$/, '')} USD`;

async function openUsage() {
    await page.evaluate(() => document.getElementById('account').close());
    await page.click('#settings');
    await page.locator('#usage-report:not([aria-busy]) #usage-days:not(:empty)').waitFor();
}

const openReceipt = () => replies(page).last().getByRole('button', { name: 'Receipt' }).click();
const closeReceipt = async () => {
    await page.click('#receipt-close');
    await page.locator('#receipt').waitFor({ state: 'hidden' });
};

// The answer to the next receipts is the real one with other values.
const answerReceipt = (change) =>
    page.route('**/receipt', async (route) => {
        const response = await route.fetch();
        const json = await response.json();
        change(json.data);
        await route.fulfill({ response, json });
    });

await check('AIRI-42: a user who has not talked sees that nothing was used', async () => {
    await openUsage();
    assert.equal(await page.locator('#usage-days').innerText(), 'Nothing was used in the last 30 days.');
    assert.equal(await page.locator('#usage-csv').isVisible(), false);
    await page.keyboard.press('Escape');
});

await check("AIRI-31: a reply's receipt shows its calls and its cost", async () => {
    await page.locator('#companions .card').first().click();
    await say(page, 'Hello, how was the evening?');
    await ended(page, 1);
    assert.equal(await page.locator('.item.user').getByRole('button', { name: 'Receipt' }).count(), 0);
    await openReceipt();
    const reply = (await api.messages(conversationOf(page))).at(-1);
    const { cost_nanousd, calls } = await get(`/messages/${reply.id}/receipt`);
    const [call] = calls;
    assert.ok(cost_nanousd > 0);
    await page.locator('#receipt-total', { hasText: `State: completed · Total: ${usd(cost_nanousd)}` }).waitFor();
    const rows = page.locator('#receipt-calls tbody tr');
    assert.equal(await rows.count(), 1);
    assert.equal(await rows.locator('th[scope=row]').innerText(), 'simulated-1');
    assert.deepEqual(await rows.locator('td').allInnerTexts(), [
        'simulated',
        'completed',
        String(call.tokens_in),
        String(call.tokens_out),
        call.counted_by === 'airi' ? 'our estimate' : 'provider',
        usd(call.cost_nanousd),
    ]);
    await inBothSchemes(page, 'receipt');
    await closeReceipt();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Receipt');
});

await check('AIRI-31: a receipt names parts of the tokens and leaves out replaced calls', async () => {
    await answerReceipt(({ calls }) => {
        const [call] = calls;
        Object.assign(call, { model: '<b>bold</b>', tokens_in: 12, tokens_cached: 5, counted_by: 'airi' });
        Object.assign(call, { tokens_out: 9, tokens_reasoning: 4, cost_nanousd: 123_000 });
        calls.push({ ...call, epoch: call.epoch + 1, outcome: 'replaced' });
    });
    await openReceipt();
    const rows = page.locator('#receipt-calls tbody tr');
    await rows.first().waitFor();
    assert.equal(await rows.count(), 1);
    assert.match(
        await rows.innerText(),
        /^<b>bold<\/b>\s+simulated\s+completed\s+12 \(5 cached\)\s+9 \(4 reasoning\)\s+our estimate\s+0\.000123 USD$/,
    );
    await closeReceipt();
    await page.unroute('**/receipt');
});

await check('AIRI-31: a receipt that cannot be loaded shows the problem', async () => {
    await page.route('**/receipt', (route) => route.abort());
    await openReceipt();
    await page.locator('#receipt .problem', { hasText: 'The server cannot be reached.' }).waitFor();
    assert.equal(await page.locator('#receipt-calls').innerText(), '');
    await page.unroute('**/receipt');
    await closeReceipt();
});

await check('AIRI-42: the account shows what was used on each day', async () => {
    await eventually('today is listed', async () => {
        await openUsage();
        return (await days.count()) === 1;
    });
    const today = new Date().toISOString().slice(0, 10);
    assert.equal(await days.locator('th[scope=row] time').getAttribute('datetime'), today);
    const { rows } = await get('/usage/report?group_by=day');
    const { calls, tokens_in, tokens_out, cost_nanousd } = rows[0].sums;
    const texts = [1, calls, tokens_in, tokens_out].map((count) => count.toLocaleString('en-US'));
    assert.deepEqual(await days.locator('td').allInnerTexts(), [...texts, usd(cost_nanousd)]);
    await inBothSchemes(page, 'usage');
});

await check('AIRI-42: the usage report is downloaded as a CSV file', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#usage-csv')]);
    assert.equal(download.suggestedFilename(), 'usage.csv');
    const [head, ...records] = readFileSync(await download.path(), 'utf8')
        .trimEnd()
        .split(/\r?\n/);
    assert.equal(
        head,
        'day,feature,model,messages,calls,tokens_in,tokens_out,tokens_cached,tokens_reasoning,cost_nanousd',
    );
    assert.ok(records.some((one) => one.includes(',chat,simulated-1,')));
});

await check('AIRI-42: the newest day is the first one, and a problem is shown in its part', async () => {
    await page.route('**/usage/report?group_by=day', async (route) => {
        const response = await route.fetch();
        const json = await response.json();
        json.data.rows.unshift({ ...json.data.rows[0], day: '2020-02-28' });
        await route.fulfill({ response, json });
    });
    await openUsage();
    const shown = await days.locator('time').evaluateAll((times) => times.map((one) => one.dateTime));
    assert.equal(shown.length, 2);
    assert.equal(shown[1], '2020-02-28');
    await page.unroute('**/usage/report?group_by=day');
    await page.route('**/usage/report?*', (route) => route.abort());
    await page.click('#usage-csv');
    await page.locator('#usage-report .problem', { hasText: 'The server cannot be reached.' }).waitFor();
    await page.unroute('**/usage/report?*');
});

await check('the receipt and the usage fit a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const fits = (id) =>
        page.evaluate((name) => {
            const dialog = document.getElementById(name);
            return dialog.scrollWidth <= dialog.clientWidth && dialog.getBoundingClientRect().right <= innerWidth;
        }, id);
    assert.equal(await fits('account'), true);
    await inBothSchemes(page, 'usage on a phone');
    await page.click('#account-close');
    await openReceipt();
    await page.locator('#receipt-calls table').waitFor();
    assert.equal(await fits('receipt'), true);
    await closeReceipt();
});

await check('the pages throw no exception and keep the content policy', () => assert.deepEqual(browser.faults, []));
