// The list of conversations on two pages of one user: a change on one, or by another client, is shown on the other
// without a reload.

import assert from 'node:assert/strict';

import { Browser, accessible, conversationOf, ended, say, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { url } = await pageSystem();
const api = new Api(url);
const browser = await new Browser(url).start();
const page = await browser.openPage();
await signUp(page, url, { name: 'Ida', email: freshEmail('live-list'), password: 'a long enough password' });
api.token = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')).access_token);
const other = await browser.openPage();
await other.goto(url);
await other.locator('#companions .card').first().waitFor();
await other.locator('body[data-connection="online"]').waitFor();

// The second page no longer loads the list, so every change below comes from a frame.
const away = {
    status: 503,
    contentType: 'application/json',
    body: '{"success":false,"error":{"code":"UNAVAILABLE","message":"away"}}',
};
await other.route(/\/api\/v1\/conversations\?/, (route) => route.fulfill(away));

const linkTo = (where, id) => where.locator(`#conversations a[href="#/c/${id}"]`);
const titleOn = (where, id) => linkTo(where, id).locator('.title').innerText();

async function act(name) {
    await page.click('#more');
    await page.locator('#more-actions button', { hasText: name }).click();
}

await page.locator('#companions .card').first().click();
await say(page, 'The lighthouse and the goat.');
await ended(page, 1);
const id = conversationOf(page);
await api.call('POST', `/conversations/${id}/read`, {});

await check('AIRI-57: a new conversation appears on the other page', () =>
    eventually('it is in the list', async () => (await linkTo(other, id).count()) === 1),
);

await check('AIRI-57: a new title and a star appear on the other page', async () => {
    await act('Rename');
    await page.fill('#question-field', 'By the sea');
    await page.keyboard.press('Enter');
    await eventually('the title', async () => (await titleOn(other, id)) === 'By the sea');
    await page.click('#star');
    await eventually('the star', async () => /Starred/.test(await linkTo(other, id).innerText()));
    await accessible(other, 'live list');
});

await check('AIRI-57: a change by another client appears on both pages and in the document title', async () => {
    await api.call('PATCH', `/conversations/${id}`, { title: 'At high tide', starred: false });
    for (const where of [page, other])
        await eventually('the title', async () => (await titleOn(where, id)) === 'At high tide');
    await eventually('the page has it', async () => /^At high tide/.test(await page.title()));
    await eventually('the star is off', async () => (await page.getAttribute('#star', 'aria-pressed')) === 'false');
    const made = (await api.call('POST', '/conversations', { title: 'From elsewhere' })).data;
    for (const where of [page, other])
        await eventually('it is in the list', async () => (await linkTo(where, made.id).count()) === 1);
    assert.equal(await other.locator('#conversations a').count(), 2);
});

await check('AIRI-57: archiving and unarchiving on one page changes the list of the other', async () => {
    await act('Archive');
    await eventually('it left the list', async () => (await linkTo(other, id).count()) === 0);
    await act('Move out of the archive');
    await eventually('it is back', async () => (await linkTo(other, id).count()) === 1);
});

await check('AIRI-57: deleting on one page removes it from the other, and undo restores it', async () => {
    await linkTo(other, id).click();
    await eventually('the other page shows it', async () => (await other.locator('.item.reply').count()) === 1);
    await act('Delete');
    await eventually('it left the list', async () => (await linkTo(other, id).count()) === 0);
    await other.locator('#gallery').waitFor();
    await page.locator('#toast button', { hasText: 'Undo' }).click();
    for (const where of [page, other])
        await eventually('it is there', async () => (await linkTo(where, id).count()) === 1);
    assert.equal(await titleOn(other, id), 'At high tide');
});

await check('the pages throw no exception, keep the content policy and load nothing from other origins', () =>
    assert.deepEqual(browser.faults, []),
);
