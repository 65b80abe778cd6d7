// The page in a real browser.

import assert from 'node:assert/strict';

import { Browser, conversationOf, ended, inBothSchemes, logIn, replies, say, stateOf } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, assertGrows, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { url } = await pageSystem();
const api = new Api(url);
const email = freshEmail('page');
const password = 'a long enough password';

// Long, since the simulated provider quotes it: there must be time in the middle of its reply.
const longText =
    'Tell me slowly and with all the words you have about the river, the old mill beside it, the people who ' +
    'worked there in winter, and the bridge from which one sees it all.';

const browser = await new Browser(url).start();
const { context, faults } = browser;

const textOf = (page) => replies(page).last().locator('.text').innerText();
const usedOf = async (page) => Number(await page.locator('#usage-meter').getAttribute('aria-valuenow'));
const squeeze = (text) => text.replace(/\s+/g, ' ').trim();

// Records every text of the last reply from now on.
const record = (page) =>
    page.evaluate(() => {
        window.seen = [];
        const look = () => {
            const last = [...document.querySelectorAll('.item.reply')].at(-1);
            const text = last?.querySelector('.text').innerText ?? '';
            if (text && text !== window.seen.at(-1)) window.seen.push(text);
        };
        new MutationObserver(look).observe(document.getElementById('messages'), {
            childList: true,
            subtree: true,
            characterData: true,
        });
        look();
    });
const recorded = (page) => page.evaluate(() => window.seen);

async function storedReply(page) {
    api.token = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')).access_token);
    return (await api.messages(conversationOf(page))).filter((message) => message.role === 'assistant').at(-1);
}

const page = await browser.openPage();

await check('a visitor sees the login form, served with its content policy', async () => {
    const answer = await page.goto(url);
    const policy = answer.headers()['content-security-policy'];
    assert.match(policy, /^default-src 'self'; script-src 'self' 'unsafe-inline' https:\/\/js\.stripe\.com;/);
    assert.match(policy, /; img-src 'self' data: https:;/);
    await page.locator('#auth-form').waitFor();
    await inBothSchemes(page, 'log in');
});

await check('EZRI-39: help is one click away before the login, with the lines of a country', async () => {
    await page.click('#help-open');
    await page.locator('#crisis-lines li').first().waitFor();
    assert.match(squeeze(await page.innerText('#crisis')), /is no crisis service, and its companions are AI/);
    assert.equal(await page.inputValue('#crisis-country'), '*');
    await page.selectOption('#crisis-country', { label: 'United Kingdom' });
    await page.locator('#crisis-lines a[href="tel:116123"]').waitFor();
    assert.match(squeeze(await page.innerText('#crisis-lines')), /Samaritans Day and night · English Call 116 123/);
    assert.equal(await page.innerText('#crisis-lines a[href="sms:85258"]'), 'Text SHOUT to 85258');
    await inBothSchemes(page, 'help');
    await page.click('#crisis-close');
});

await check('a wrong password is reported, and the form stays', async () => {
    await logIn(page, email, 'not the password');
    await page.locator('#auth-problem').waitFor();
    assert.match(await page.locator('#auth-problem').innerText(), /wrong/i);
    assert.equal(await page.locator('#app').isVisible(), false);
});

await check('signup leads to the companions', async () => {
    await page.click('#auth-change');
    await page.fill('#display_name', 'Nora');
    await page.fill('#birth_date', '1990-02-28');
    await logIn(page, email, password);
    await page.locator('#companions .card').first().waitFor();
    assert.match(await page.locator('#greeting').innerText(), /Nora/);
    await inBothSchemes(page, 'companions');
});

await check('a chosen companion streams its reply', async () => {
    const card = page.locator('#companions .card').first();
    const name = await card.locator('.name').innerText();
    await card.click();
    await page.locator('#chat').waitFor();
    assert.equal(await page.locator('#chat-name').innerText(), name);
    await record(page);
    await say(page, 'Hello, how was the evening?');
    await ended(page, 1);
    assertGrows(await recorded(page), 3);
    assert.equal(squeeze(await textOf(page)), squeeze((await storedReply(page)).content));
    assert.equal(await page.locator('#conversations a[aria-current=page]').count(), 1);
    await inBothSchemes(page, 'chat');
});

await check('the usage meter counts the message', async () => {
    await eventually('one message used', async () => (await usedOf(page)) === 1);
    assert.match(await page.locator('#usage-count').innerText(), /^1 of \d+ messages$/);
});

await check('a stopped reply is stored with the text that was shown', async () => {
    await say(page, longText);
    await eventually(
        'the second reply has begun',
        async () => (await replies(page).count()) === 2 && (await textOf(page)).length > 5,
    );
    await page.locator('#stop').click({ force: true }); // without waiting for the page to come to rest
    await ended(page, 2, 'cancelled');
    const stored = await storedReply(page);
    assert.equal(stored.status, 'cancelled');
    assert.equal(squeeze(await textOf(page)), squeeze(stored.content));
    assert.equal(await page.locator('#stop').isVisible(), false);
});

await check('a reply continues after a reload and is complete at its end', async () => {
    await say(page, `${longText} Once more.`);
    await eventually(
        'the third reply has begun',
        async () => (await replies(page).count()) === 3 && (await textOf(page)).length > 5,
    );
    const before = await textOf(page);
    await page.reload();
    await eventually(
        'the reply is there again',
        async () => (await replies(page).count()) === 3 && (await textOf(page)).length > 0,
    );
    await record(page);
    assert.notEqual(await stateOf(page), 'completed', 'it ended before the page was loaded: the provider is too fast');
    await ended(page, 3);
    const seen = await recorded(page);
    assertGrows(seen, 2);
    assert.ok(seen.at(-1).startsWith(before), 'the reply after the reload is another one');
    assert.equal(squeeze(await textOf(page)), squeeze((await storedReply(page)).content));
});

await check('a lost connection is shown and reopened, and the reply is complete', async () => {
    await say(page, `${longText} And again.`);
    await eventually(
        'the fourth reply has begun',
        async () => (await replies(page).count()) === 4 && (await textOf(page)).length > 5,
    );
    await context.setOffline(true);
    await eventually('the page shows it', () => page.locator('#connection').isVisible());
    await context.setOffline(false);
    await eventually('it is connected again', async () => !(await page.locator('#connection').isVisible()));
    await ended(page, 4);
    assert.equal(squeeze(await textOf(page)), squeeze((await storedReply(page)).content));
});

await check('a second tab shows a new message and its reply live', async () => {
    const second = await browser.openPage();
    await second.goto(page.url());
    await eventually('the history is there', async () => (await replies(second).count()) === 4);
    await eventually(
        'it is connected',
        async () => (await second.locator('body').getAttribute('data-connection')) === 'online',
    );
    await record(second);
    const before = (await recorded(second)).length;
    await say(page, 'This one is for both tabs.');
    await eventually(
        'the message is in the second tab',
        async () =>
            (await second.locator('.item.user').last().locator('.text').innerText()) === 'This one is for both tabs.',
    );
    await ended(second, 5);
    assertGrows((await recorded(second)).slice(before), 2);
    await ended(page, 5);
    assert.equal(await textOf(second), await textOf(page));
    for (const tab of [page, second]) {
        assert.equal(await tab.locator('.item.user').count(), 5);
        assert.equal(await replies(tab).count(), 5);
    }
    await second.close();
});

await check('replies are announced to screen readers', async () => {
    assert.equal(await page.locator('#announcer').getAttribute('aria-live'), 'polite');
    assert.match(await page.locator('#announcer').textContent(), / said: /);
});

await check('logging out affects every tab, and logging in shows the history again', async () => {
    const second = await browser.openPage();
    await second.goto(page.url());
    await second.locator('#chat').waitFor();
    await page.click('#logout');
    await page.locator('#auth-form').waitFor();
    await second.locator('#auth-form').waitFor();
    await second.close();
    assert.equal(await page.evaluate(() => localStorage.getItem('airi.session')), null);
    await logIn(page, email, password);
    await page.locator('#conversations a').first().click();
    await eventually('the history is there', async () => (await replies(page).count()) === 5);
    assert.equal(squeeze(await textOf(page)), squeeze((await storedReply(page)).content));
    await eventually(
        'the stopped reply is marked',
        async () => (await page.locator('.item.reply[data-state=cancelled]').count()) === 1,
    );
    await eventually('the usage is there', async () => (await usedOf(page)) >= 5);
});

await check('the page fits a phone without horizontal scrolling and shows the list in a drawer', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    await eventually('the list is hidden', async () => !(await page.locator('#sidebar').isVisible()));
    await page.click('#menu');
    await page.locator('#conversations a').first().waitFor();
    await page.keyboard.press('Escape');
    await eventually('the drawer is closed', async () => !(await page.locator('#sidebar').isVisible()));
    assert.ok(await page.isVisible('#help-open'), 'help is visible beside a conversation, on a phone too');
    await inBothSchemes(page, 'phone');
});

await check('the pages throw no exception, keep the content policy and load nothing from other origins', () =>
    assert.deepEqual(faults, []),
);
