// The page's account dialog: profile, password, second factor, sessions, API keys; and logging in with a code.

import assert from 'node:assert/strict';
import { generate } from 'otplib';

import { prove } from '../support/js/accounts.mjs';
import { Browser, inBothSchemes, logIn, replies, say, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const api = new Api(url);
const email = freshEmail('account');
const oldPassword = 'a long enough password';
const password = ' another long password ';
const browser = await new Browser(url).start();
const page = await browser.openPage();
await signUp(page, url, { name: 'Nora', email, password: oldPassword });
await prove(system, email);

const useToken = async () => {
    api.token = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')).access_token);
};
await useToken();
const textOf = (selector) => page.locator(selector).innerText();
const submit = (form) => page.locator(`${form} [type=submit]`).click();
const closed = () => page.locator('#account').waitFor({ state: 'hidden' });

async function openAccount() {
    await page.click('#settings');
    await eventually(
        'every part is loaded',
        async () =>
            (await page.locator('#sessions li').count()) > 0 &&
            (await page.locator('#account [aria-busy=true]').count()) === 0,
    );
}

async function onAnotherDevice(secret = oldPassword) {
    const other = await browser.openPage(await browser.newContext());
    await other.goto(url);
    await logIn(other, email, secret);
    await other.locator('#companions .card').first().waitFor();
    return other;
}

await check('the dialog shows every part of the account and is accessible', async () => {
    await openAccount();
    assert.equal(await page.inputValue('#profile-name'), 'Nora');
    assert.equal(await page.inputValue('#profile-timezone'), 'UTC');
    assert.equal(await page.locator('#sessions li').count(), 1);
    assert.match(await textOf('#sessions'), /on Linux[^]*127\.0\.0\.1 · this one/);
    await page.locator('#two-factor-state', { hasText: /^Off/ }).waitFor();
    assert.equal(await page.locator('#account .problem:visible').count(), 0);
    await inBothSchemes(page, 'account');
});

await check('a profile is saved and shown, and a fault is shown at its field', async () => {
    await page.fill('#profile-name', 'Nora B.');
    await page.fill('#profile-locale', 'not a tag');
    await submit('#profile-form');
    await page.locator('#profile-locale-fault:not(:empty)').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'profile-locale');
    await inBothSchemes(page, 'account with a fault');
    await page.fill('#profile-locale', 'de-CH');
    await page.selectOption('#profile-timezone', 'Europe/Zurich');
    await page.uncheck('#profile-enter');
    await submit('#profile-form');
    await eventually('it is saved', async () => (await textOf('#profile-form .done')) === 'Saved.');
    const { data } = await api.call('GET', '/users/profile');
    assert.equal(data.display_name, 'Nora B.');
    assert.equal(data.locale, 'de-CH');
    assert.equal(data.timezone, 'Europe/Zurich');
    assert.deepEqual(data.preferences, { enter_sends: false });
    assert.equal(await textOf('#account-name'), 'Nora B.');
    await page.keyboard.press('Escape');
    await closed();
    await page.reload();
    await eventually('the new name is shown', async () => (await textOf('#greeting')) === 'Hello, Nora B.');
});

await check('Enter inserts a new line when the profile says so, and Ctrl+Enter sends', async () => {
    await page.locator('#companions .card').first().click();
    await say(page, 'One line');
    assert.equal(await page.inputValue('#message'), 'One line\n');
    assert.equal(await page.locator('.item.user').count(), 0);
    await page.keyboard.press('Control+Enter');
    await eventually('it is sent', async () => (await page.locator('.item.user').count()) === 1);
    await eventually(
        'and answered',
        async () => (await replies(page).last().getAttribute('data-state')) === 'completed',
    );
});

await check('the dialog lists sessions and revokes one, and its page shows the login form', async () => {
    const other = await onAnotherDevice();
    await openAccount();
    assert.equal(await page.locator('#sessions li').count(), 2);
    await page.locator('#sessions button').click();
    await eventually('it left the list', async () => (await page.locator('#sessions li').count()) === 1);
    await other.locator('#auth-form').waitFor();
    assert.match(await other.locator('#auth-problem').innerText(), /signed out/);
    assert.equal((await api.call('GET', '/auth/sessions')).data.length, 1);
    await other.context().close();
});

await check('changing the password needs the current one and revokes the other sessions', async () => {
    const other = await onAnotherDevice();
    await page.fill('#password-now', 'not the password');
    await page.fill('#password-new', password);
    await submit('#password-form');
    await eventually('the problem is shown', async () =>
        /password is wrong/.test(await textOf('#password-form .problem')),
    );
    await page.fill('#password-now', oldPassword);
    await page.fill('#password-new', 'short');
    await submit('#password-form');
    await page.locator('#password-new-fault:not(:empty)').waitFor();
    await page.fill('#password-new', password);
    await submit('#password-form');
    await eventually('it is changed', async () => /is changed/.test(await textOf('#password-form .done')));
    assert.equal(await page.inputValue('#password-new'), '');
    await other.locator('#auth-form').waitFor();
    await logIn(other, email, oldPassword);
    await eventually('the old one is wrong', async () =>
        /wrong/.test(await other.locator('#auth-problem').innerText()),
    );
    await other.context().close();
});

let secret = '';
let recovery = [];

await check('the second factor is turned on with a code from the app and returns recovery codes', async () => {
    await submit('#two-factor-begin');
    await page.locator('#two-factor-secret:not(:empty)').waitFor();
    secret = (await textOf('#two-factor-secret')).replaceAll(' ', '');
    assert.match(await page.getAttribute('#two-factor-link', 'href'), new RegExp(`^otpauth://totp/.*secret=${secret}`));
    await inBothSchemes(page, 'second factor');
    await page.fill('#enable-code', '000000');
    await submit('#two-factor-enable');
    await page.locator('#two-factor-enable .problem').waitFor();
    await page.fill('#enable-code', (await generate({ secret })).replace(/^.../, '$& '));
    await submit('#two-factor-enable');
    await page.locator('#recovery').waitFor();
    recovery = await page.locator('#recovery-codes li').allInnerTexts();
    assert.equal(new Set(recovery).size, 10);
    await page.locator('#two-factor-state', { hasText: /^On. Recovery codes left: 10/ }).waitFor();
    await inBothSchemes(page, 'recovery codes');
    await page.click('#account-close');
    await closed();
    await eventually(
        'a closed dialog contains no secrets',
        async () => (await page.locator('#recovery-codes li').count()) === 0,
    );
});

await check('logging in then needs a code from the app, or a recovery code once', async () => {
    await page.click('#logout');
    await page.locator('#auth-form').waitFor();
    await logIn(page, email, password);
    await page.locator('#code').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'code');
    await inBothSchemes(page, 'code');
    await page.fill('#code', '000000');
    await page.click('#auth-submit');
    await eventually('a wrong code is shown', async () => /code is wrong/.test(await textOf('#auth-code-fault')));
    // As if half a minute had passed: a code is accepted once.
    await system.rows('update two_factor t set last_step = 0 from users u where u.id = t.user_id and u.email = $1', [
        email,
    ]);
    await page.fill('#code', await generate({ secret }));
    await page.click('#auth-submit');
    await page.locator('#settings').waitFor();
    await page.click('#logout');
    await page.locator('#auth-form').waitFor();
    assert.equal(await page.locator('#code').isVisible(), false);
    await logIn(page, email, password);
    await page.locator('#code').waitFor();
    await page.fill('#code', recovery[0]);
    await page.click('#auth-submit');
    await openAccount();
    await page.locator('#two-factor-state', { hasText: /Recovery codes left: 9/ }).waitFor();
});

await check('the second factor is turned off with a code, and logging in needs none', async () => {
    await page.fill('#disable-code', recovery[0]);
    await submit('#two-factor-disable');
    await page.locator('#two-factor-disable .problem').waitFor();
    await page.fill('#disable-code', recovery[1]);
    await submit('#two-factor-disable');
    await page.locator('#two-factor-state', { hasText: /^Off/ }).waitFor();
    const other = await onAnotherDevice(password);
    await other.context().close();
});

await check('an API key is created, shown once, accepted, and deleted', async () => {
    await submit('#key-form');
    await page.locator('#key-name-fault:not(:empty)').waitFor();
    await page.fill('#key-name', 'The kitchen clock');
    await page.selectOption('#key-days', '30');
    await submit('#key-form');
    await page.locator('#key-value').waitFor();
    const key = await page.inputValue('#key-value');
    const row = page.locator('#keys li');
    assert.match(await row.innerText(), /The kitchen clock[^]*never used · expires in/);
    assert.ok(key.startsWith((await row.locator('.aside').innerText()).split('…')[0]), key);
    await inBothSchemes(page, 'a new key');
    const use = () => fetch(`${url}/api/v1/conversations`, { headers: { Authorization: `Bearer ${key}` } });
    assert.equal((await use()).status, 200);
    await row.locator('button').click();
    await page.click('#question-yes');
    await eventually('it left the list', async () => (await row.count()) === 0);
    assert.equal(await page.locator('#key-value').isVisible(), false);
    await eventually('it is rejected', async () => (await use()).status === 401);
});

// As the gateway answers when the login is long ago, once.
const refuseOnce = () =>
    page.route(
        '**/api/v1/api-keys',
        (route) =>
            route.fulfill({
                status: 403,
                json: {
                    success: false,
                    error: {
                        code: 'REAUTHENTICATION_REQUIRED',
                        message: 'confirm that it is you',
                        details: { proofs: ['password', 'link'] },
                    },
                },
            }),
        { times: 1 },
    );

await check('long after the login a change of credentials asks for the password first', async () => {
    await refuseOnce();
    await page.fill('#key-name', 'A late key');
    await submit('#key-form');
    await page.locator('#question-field').waitFor();
    await inBothSchemes(page, 'a proof of identity');
    await page.click('#question-no');
    await page.locator('#key-form .problem', { hasText: 'Confirm that it is you' }).waitFor();
    await refuseOnce();
    await submit('#key-form');
    await page.fill('#question-field', 'not the password');
    await page.click('#question-yes');
    await page.locator('#question-text', { hasText: 'password is wrong' }).waitFor();
    await page.fill('#question-field', password);
    await page.click('#question-yes');
    await page.locator('#keys li', { hasText: 'A late key' }).waitFor();
    assert.match(await page.inputValue('#key-value'), /^airi_/);
});

await check('a key beyond the plan is rejected, and the page shows the reason', async () => {
    await useToken();
    const most = 100;
    for (let i = 0; i < most; ++i) {
        const made = await api.call('POST', '/api-keys', { name: `key ${i}` }).catch((error) => error);
        if (made instanceof Error) {
            assert.match(made.message, /PLAN_LIMIT/);
            break;
        }
        assert.notEqual(i, most - 1, 'there is no limit');
    }
    await page.fill('#key-name', 'One too many');
    await submit('#key-form');
    await eventually('the reason is shown', async () =>
        /^Your plan has \d+ API keys/.test(await textOf('#key-form .problem')),
    );
    await inBothSchemes(page, 'a rejected key');
});

await check('the dialog fits a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    assert.equal(await page.locator('#account').evaluate((dialog) => dialog.scrollWidth <= dialog.clientWidth), true);
    await inBothSchemes(page, 'account on a phone');
    await page.setViewportSize({ width: 1280, height: 820 });
});

await check('signing out everywhere revokes this session too', async () => {
    const other = await onAnotherDevice(password);
    await submit('#sessions-form');
    await page.locator('#auth-form').waitFor();
    await other.locator('#auth-form').waitFor();
    assert.equal(await page.evaluate(() => localStorage.getItem('airi.session')), null);
    await assert.rejects(api.call('GET', '/auth/session'), /401/);
});

await check('the pages throw no exception, keep the content policy and load nothing from other origins', () =>
    assert.deepEqual(browser.faults, []),
);
