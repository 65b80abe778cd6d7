// The page's actions on conversations: search, stars, archive, titles, deletion with undo, exports, unread marks,
// ratings.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Browser, accessible, conversationOf, ended, inBothSchemes, replies, say, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { url } = await pageSystem();
const api = new Api(url);
const browser = await new Browser(url).start();
const page = await browser.openPage();
await signUp(page, url, { name: 'Nora', email: freshEmail('conversations'), password: 'a long enough password' });
api.token = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')).access_token);

const links = page.locator('#conversations a');
const linkTo = (id) => page.locator(`#conversations a[href="#/c/${id}"]`);
const stored = async (id) => (await api.call('GET', `/conversations/${id}`)).data;
const toast = page.locator('#toast');

async function act(name) {
    await page.click('#more');
    await page.locator('#more-actions button', { hasText: name }).click();
}

async function begin(text) {
    await page.click('#new-chat');
    await page.locator('#companions .card').first().click();
    await say(page, text);
    await ended(page, 1);
    const id = conversationOf(page);
    await eventually('it is in the list', async () => (await linkTo(id).count()) === 1);
    return id;
}

async function savedBy(name) {
    const [download] = await Promise.all([page.waitForEvent('download'), act(name)]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

const lighthouse = await begin('The lighthouse <b>keeper</b> & his goat.');
const orchard = await begin('An orchard in the snow.');

await check('search finds a message and marks the match, and no other HTML is rendered', async () => {
    await page.fill('#search-text', 'keeper');
    await page.locator('#found a').first().waitFor();
    assert.equal(await page.locator('#list').isVisible(), false);
    const mine = page.locator('#found a', { hasText: 'You: ' });
    assert.equal(await mine.count(), 1);
    assert.match(await mine.locator('.quote').innerText(), /lighthouse <b>keeper<\/b> & his goat/);
    assert.deepEqual(await mine.locator('mark').allInnerTexts(), ['keeper']);
    assert.equal(await page.locator('#found b').count(), 0);
    assert.match(await page.locator('#found-count').innerText(), /^\d+ messages?$/);
    await inBothSchemes(page, 'found messages');
});

await check('a search result opens the conversation at its message', async () => {
    await page.locator('#found a', { hasText: 'You: ' }).click();
    await eventually('its conversation is shown', () => conversationOf(page) === lighthouse);
    await page.locator('.item.user.found').waitFor();
    assert.match(await page.locator('.item.found .text').innerText(), /goat/);
    assert.equal(await page.evaluate(() => document.activeElement.classList.contains('found')), true);
});

await check('a search without results is reported, and an empty field shows the list again', async () => {
    await page.fill('#search-text', 'zeppelin');
    await eventually(
        'the result is shown',
        async () => (await page.locator('#found-count').innerText()) === 'Nothing was found.',
    );
    assert.equal(await page.locator('#found a').count(), 0);
    await page.fill('#search-text', '');
    await links.first().waitFor();
    assert.equal(await links.count(), 2);
});

await check('a star is stored, and the list can show only starred conversations', async () => {
    await page.click('#star');
    await eventually('the star is on', async () => (await page.getAttribute('#star', 'aria-pressed')) === 'true');
    assert.equal((await stored(lighthouse)).starred, true);
    assert.match(await linkTo(lighthouse).innerText(), /Starred/);
    await page.click('#only-starred');
    await eventually('only it is listed', async () => (await links.count()) === 1);
    assert.equal(await linkTo(lighthouse).count(), 1);
    await accessible(page, 'starred');
    await page.click('#only-starred');
    await eventually('all are listed', async () => (await links.count()) === 2);
});

await check('a conversation is renamed, and cancelling keeps the title', async () => {
    await act('Rename');
    await inBothSchemes(page, 'rename');
    await page.fill('#question-field', 'By the sea');
    await page.keyboard.press('Enter');
    await eventually(
        'the list has the title',
        async () => (await linkTo(lighthouse).locator('.title').innerText()) === 'By the sea',
    );
    assert.match(await page.title(), /^By the sea/);
    assert.equal((await stored(lighthouse)).title, 'By the sea');
    await act('Rename');
    assert.equal(await page.inputValue('#question-field'), 'By the sea');
    await page.fill('#question-field', 'Elsewhere');
    await page.click('#question-no');
    await page.locator('#question').waitFor({ state: 'hidden' });
    assert.equal((await stored(lighthouse)).title, 'By the sea');
});

await check('the menu of a conversation opens and closes by keyboard, and is accessible', async () => {
    await page.focus('#more');
    await page.keyboard.press('Enter');
    assert.equal(await page.getAttribute('#more', 'aria-expanded'), 'true');
    assert.equal(await page.evaluate(() => document.activeElement.dataset.act), 'rename');
    await inBothSchemes(page, 'menu');
    await page.keyboard.press('Escape');
    assert.equal(await page.getAttribute('#more', 'aria-expanded'), 'false');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'more');
});

await check('archiving removes a conversation from the list, and undo or unarchiving restores it', async () => {
    await act('Archive');
    await eventually('it left the list', async () => (await linkTo(lighthouse).count()) === 0);
    assert.equal((await stored(lighthouse)).archived, true);
    await toast.locator('button', { hasText: 'Undo' }).click();
    await eventually('it is back', async () => (await linkTo(lighthouse).count()) === 1);
    await act('Archive');
    await page.click('#only-archived');
    await eventually(
        'only it is in the archive',
        async () => (await links.count()) === 1 && (await linkTo(lighthouse).count()) === 1,
    );
    await page.reload();
    await eventually(
        'an archived one is shown, with its companion',
        async () => (await replies(page).count()) === 1 && (await page.locator('#chat-name').innerText()) !== 'AIRI',
    );
    await act('Move out of the archive');
    await eventually('it is listed again', async () => (await linkTo(lighthouse).count()) === 1);
    assert.equal((await stored(lighthouse)).archived, false);
});

await check('a conversation is exported as JSON and as Markdown', async () => {
    const json = await savedBy('Export as JSON');
    assert.equal(json.name, 'By-the-sea.json');
    const { conversation, messages } = JSON.parse(json.text);
    assert.equal(conversation.id, lighthouse);
    assert.deepEqual(
        messages.map((message) => message.role),
        ['user', 'assistant'],
    );
    const markdown = await savedBy('Export as Markdown');
    assert.equal(markdown.name, 'By-the-sea.md');
    assert.match(markdown.text, /^# By the sea\n/);
    assert.ok(markdown.text.includes('The lighthouse <b>keeper</b> & his goat.'));
    assert.ok(markdown.text.includes(messages[1].content));
});

await check('a rating is stored, changed and removed, and a reload shows it', async () => {
    const rating = async () => (await api.messages(lighthouse)).at(-1).rating;
    const thumb = (label) => replies(page).last().locator(`button[aria-label="${label}"]`);
    await thumb('Good reply').click();
    await eventually('it is good', async () => (await rating()) === 1);
    await thumb('Bad reply').click();
    await eventually('it is bad', async () => (await rating()) === -1);
    assert.equal(await page.locator('.item.user [data-rating]').count(), 0);
    await page.reload();
    await eventually(
        'it is shown',
        async () =>
            (await replies(page).count()) === 1 && (await thumb('Bad reply').getAttribute('aria-pressed')) === 'true',
    );
    await thumb('Bad reply').click();
    await eventually('it is not rated', async () => (await rating()) === null);
    await eventually('that is shown', async () => (await thumb('Bad reply').getAttribute('aria-pressed')) === 'false');
});

await check('a conversation with a new message is unread until it is opened', async () => {
    assert.equal((await stored(orchard)).unread, false);
    await api.call('POST', `/conversations/${orchard}/messages`, { content: 'And in the spring?' });
    assert.equal((await stored(orchard)).unread, true);
    await page.reload();
    await page.locator('#conversations a.unread').waitFor();
    assert.match(await linkTo(orchard).innerText(), /Unread/);
    await inBothSchemes(page, 'unread');
    await linkTo(orchard).click();
    await eventually('it counts as read', async () => !(await stored(orchard)).unread);
    await linkTo(lighthouse).click();
    await eventually(
        'the other one is shown',
        async () => (await linkTo(lighthouse).getAttribute('aria-current')) === 'page',
    );
    assert.equal(await page.locator('#conversations a.unread').count(), 0);
});

await check('a message is deleted after confirmation and stays deleted after a reload', async () => {
    await linkTo(orchard).click();
    await eventually('it is shown', async () => (await page.locator('.item.user').count()) === 2);
    const bin = page.locator('.item.user').last().locator('button[aria-label="Delete message"]');
    await bin.click();
    await page.click('#question-no');
    assert.equal((await api.messages(orchard)).length, 4);
    await bin.click();
    await accessible(page, 'question');
    await page.click('#question-yes');
    await eventually('it is gone', async () => (await page.locator('.item.user').count()) === 1);
    assert.equal((await api.messages(orchard)).length, 3);
    await page.reload();
    await eventually('the others are there', async () => (await replies(page).count()) === 2);
    assert.equal(await page.locator('.item.user').count(), 1);
});

await check('a deleted conversation is restored by undo', async () => {
    await act('Delete');
    await page.locator('#gallery').waitFor();
    await eventually('it left the list', async () => (await linkTo(orchard).count()) === 0);
    await assert.rejects(stored(orchard), /404/);
    await toast.locator('button', { hasText: 'Undo' }).click();
    await eventually(
        'it is shown again',
        async () => conversationOf(page) === orchard && (await replies(page).count()) === 2,
    );
    assert.equal(await linkTo(orchard).count(), 1);
    assert.equal((await stored(orchard)).id, orchard);
});

await check('a failed request is reported and changes nothing', async () => {
    await page.route('**/api/v1/conversations/**', (route) =>
        route.request().method() === 'PATCH' ? route.abort() : route.fallback(),
    );
    await page.click('#star');
    await eventually('the result is shown', async () => /cannot be reached/.test(await toast.innerText()));
    assert.equal(await page.getAttribute('#star', 'aria-pressed'), 'false');
    await page.unroute('**/api/v1/conversations/**');
});

await check('search results are loaded page by page', async () => {
    const count = 21;
    const tell = (_, i) => api.call('POST', '/chat/messages', { content: `Zebra number ${i}.` }, { Prefer: 'wait=0' });
    await Promise.all(Array.from({ length: count }, tell));
    const all = async () => (await api.call('GET', '/search/messages?q=zebra&limit=100')).data;
    await eventually(
        'all of them are stored',
        async () => (await all()).filter((one) => one.role === 'user').length === count,
    );
    await page.fill('#search-text', 'zebra');
    await eventually('the first page is there', async () => (await page.locator('#found a').count()) === 20);
    assert.equal(await page.locator('#found-count').innerText(), '20 messages and more');
    await page.click('#more-found');
    await eventually('the next one too', async () => (await page.locator('#found a').count()) > 20);
    const hrefs = await page.locator('#found a').evaluateAll((found) => found.map((one) => one.href));
    assert.equal(new Set(hrefs).size, hrefs.length);
    await page.fill('#search-text', '');
});

await check('the actions work on a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    await page.click('#more');
    const box = await page.locator('#more-actions').boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
    await page.keyboard.press('Escape');
    await page.click('#menu');
    await page.fill('#search-text', 'orchard');
    await page.locator('#found a').first().waitFor();
    await page.locator('#found a').first().click();
    await eventually('the drawer is closed', async () => !(await page.locator('#sidebar').isVisible()));
    await page.locator('.item.found').waitFor();
});

await check('the pages throw no exception, keep the content policy and load nothing from other origins', () =>
    assert.deepEqual(browser.faults, []),
);
