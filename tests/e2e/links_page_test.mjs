// The links in mails: verifying an address, replacing a forgotten password, signing in.

import assert from 'node:assert/strict';

import { Browser, inBothSchemes, logIn, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { tokenOf } from '../support/js/mail_links.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const api = new Api(url);
const email = freshEmail('links');
const password = 'a long enough password';
const browser = await new Browser(url).start();
const page = await browser.openPage();

// The link in the newest of so many mails of a kind, on this gateway.
const linkOf = async (kind, to = email, count = 1) => `${url}/#${kind}=${await tokenOf(system, to, kind, count)}`;
const fresh = async () => browser.openPage(await browser.newContext());
const userOn = (one) => one.evaluate(() => JSON.parse(localStorage.getItem('airi.session'))?.user.email ?? null);

async function askForLink(one, to) {
    await one.goto(url);
    await one.click('#auth-mail');
    await one.fill('#email', to);
    await one.click('#auth-submit');
    await one.getByText('Open it in this browser').waitFor();
}

await check('the link in the signup mail verifies the address, and its token leaves the address bar', async () => {
    await signUp(page, url, { name: 'Nora', email, password });
    api.token = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')).access_token);
    assert.equal((await api.call('GET', '/users/profile')).data.email_verified, false);
    const link = await linkOf('verify_email');
    const sent = [];
    page.on('request', (request) => sent.push(request.url()));
    await page.goto(link);
    await page.getByText('Your e-mail address is verified.').waitFor();
    assert.equal((await api.call('GET', '/users/profile')).data.email_verified, true);
    assert.ok(!page.url().includes(link.split('=')[1]), page.url());
    assert.ok(!sent.some((one) => one.includes(link.split('=')[1])), 'no request has the token in its URL');
    await page.goto(link);
    await page.getByText('expired or already used').waitFor();
    assert.equal(await userOn(page), email);
});

await check('a link replaces a forgotten password and revokes the session', async () => {
    const other = await fresh();
    await other.goto(url);
    await other.click('#auth-forgot');
    await inBothSchemes(other, 'the forgotten password');
    await other.click('#auth-submit');
    assert.match(await other.innerText('#auth-email-fault'), /address/);
    await other.fill('#email', email);
    await other.click('#auth-submit');
    await other.getByText('a mail with a link is on its way').waitFor();
    await other.goto(await linkOf('reset_password'));
    await other.getByText('Choose a new password').waitFor();
    await other.fill('#password', 'short');
    await other.click('#auth-submit');
    await other.locator('#auth-password-fault:not(:empty)').waitFor();
    await inBothSchemes(other, 'a new password');
    await other.fill('#password', 'a new long password');
    await other.click('#auth-submit');
    await other.getByText('Your password has been changed').waitFor();
    await logIn(other, email, 'a new long password');
    await other.locator('#companions .card').first().waitFor();
    await page.locator('#auth:visible').waitFor();
});

await check('a link signs in once, in the browser that asked, after a question', async () => {
    const other = await fresh();
    await askForLink(other, email);
    const link = await linkOf('magic_link');
    const thief = await fresh();
    await thief.goto(link);
    await thief.getByText('only in the browser that requested it').waitFor();
    assert.equal(await userOn(thief), null);
    await other.goto(link);
    await other.getByText(`Sign in as ${email[0]}…@example.com?`).waitFor();
    assert.equal(await userOn(other), null);
    await inBothSchemes(other, 'signing in by a link');
    await other.click('#question-yes');
    await other.locator('#companions .card').first().waitFor();
    assert.equal(await userOn(other), email);
    await thief.goto(link);
    await thief.getByText('expired or already used').waitFor();
    assert.ok(await thief.locator('#auth').isVisible());
});

await check("another account's link replaces the visitor's session only after they agree", async () => {
    const visitor = freshEmail('visitor');
    const one = await fresh();
    await askForLink(one, email);
    const link = await linkOf('magic_link', email, 2);
    await signUp(one, url, { name: 'Vera', email: visitor, password });
    await one.goto(link);
    await one.getByText(`You are signed in as ${visitor}, and will be logged out.`).waitFor();
    await one.click('#question-no');
    assert.equal(await userOn(one), visitor);
    await new Api(url).call('POST', '/auth/forgot-password', { email: visitor });
    await one.goto(await linkOf('reset_password', visitor));
    await one.getByText(`You are signed in as ${visitor}, and will be logged out.`).waitFor();
    await one.click('#question-no');
    await one.reload();
    await one.locator('#companions .card').first().waitFor();
    assert.equal(await userOn(one), visitor);
    await one.goto(link);
    await one.click('#question-yes');
    await one.getByText('Hello, Nora').waitFor();
    assert.equal(await userOn(one), email);
});

await check("a stranger's link neither signs a visitor in nor ends their session", async () => {
    const mallory = freshEmail('mallory');
    const theirs = await fresh();
    await signUp(theirs, url, { name: 'Mallory', email: mallory, password });
    await theirs.click('#logout');
    await askForLink(theirs, mallory);
    const link = await linkOf('magic_link', mallory);
    const reset = `${url}/#reset_password=${'x'.repeat(43)}`;
    await logIn(page, email, 'a new long password');
    await page.locator('#companions .card').first().waitFor();
    for (const each of [link, link.replace('#', '?'), reset]) {
        await page.goto(each);
        await page.locator('#companions .card').first().waitFor();
        assert.equal(await userOn(page), email);
        await page.goto(url);
    }
    assert.deepEqual(browser.faults, []);
});
