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
    await page.click('#settings');
    await page.locator('#address-form').getByText('no API keys').waitFor();
    await inBothSchemes(page, 'the account before its address is verified');
    await page.fill('#key-name', 'too early');
    await page.click('#key-form [type=submit]');
    await page.locator('#key-form .problem', { hasText: 'Verify your email address first' }).waitFor();
    await page.click('#address-form [type=submit]');
    await page.getByText('A new link is on its way.').waitFor();
    const link = await linkOf('verify_email', email, 2);
    const sent = [];
    page.on('request', (request) => sent.push(request.url()));
    await page.goto(link);
    await page.getByText('Your e-mail address is verified.').waitFor();
    assert.equal((await api.call('GET', '/users/profile')).data.email_verified, true);
    assert.ok(!page.url().includes(link.split('=')[1]), page.url());
    assert.ok(!sent.some((one) => one.includes(link.split('=')[1])), 'no request has the token in its URL');
    await page.goto(link);
    await page.getByText('expired or already used').waitFor();
    await page.reload();
    await page.click('#settings');
    await page.locator('#profile-form').waitFor();
    assert.equal(await page.locator('#address-form').isVisible(), false);
});

// Somebody with an account of that address, and the page of the one who follows its link elsewhere.
async function followElsewhere(name) {
    const address = freshEmail(name);
    const theirs = await browser.openPage(await browser.newContext());
    await signUp(theirs, url, { name: 'Sam', email: address, password });
    const other = await browser.openPage(await browser.newContext());
    await other.goto(await linkOf('verify_email', address));
    await other.getByText('Enter the password that this account was made with.').waitFor();
    return { address, theirs, other };
}

await check('a link followed in another browser asks for the password, and everything stays', async () => {
    const { address, theirs, other } = await followElsewhere('elsewhere');
    await inBothSchemes(other, 'verifying elsewhere');
    await other.fill('#password', 'not the password');
    await other.click('#auth-submit');
    await other.getByText('The password is wrong.').waitFor();
    await other.fill('#password', password);
    await other.click('#auth-submit');
    await other.getByText('Your e-mail address is verified. Log in to continue.').waitFor();
    await logIn(other, address, password);
    await other.locator('#companions .card').first().waitFor();
    await theirs.reload();
    await theirs.locator('#companions .card').first().waitFor();
    await Promise.all([theirs, other].map((one) => one.context().close()));
});

await check('a link followed in another browser sets a new password, and what was there before ends', async () => {
    const { address, theirs, other } = await followElsewhere('squatted');
    await other.click('#auth-change');
    await other.getByText('It ends everything that was set up before').waitFor();
    await inBothSchemes(other, 'verifying with a new password');
    await other.fill('#password', 'the words of the owner');
    await other.click('#auth-submit');
    await other.getByText('Log in with your new password.').waitFor();
    await theirs.locator('#auth:visible').waitFor();
    await logIn(theirs, address, password);
    await theirs.locator('#auth-problem', { hasText: 'wrong' }).waitFor();
    await logIn(other, address, 'the words of the owner');
    await other.locator('#companions .card').first().waitFor();
    await Promise.all([theirs, other].map((one) => one.context().close()));
});

await check('a link of another account asks for its password and leaves the visitor signed in', async () => {
    const address = freshEmail('visitor');
    await new Api(url).call('POST', '/auth/signup', { email: address, password, birth_date: '1990-02-28' });
    const visitor = await browser.openPage();
    await visitor.goto(await linkOf('verify_email', address));
    await visitor.getByText('Enter the password that this account was made with.').waitFor();
    await visitor.goto(url);
    await visitor.locator('#companions .card').first().waitFor();
    await visitor.close();
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
