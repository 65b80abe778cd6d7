// The links in mails: verifying an address, replacing a forgotten password, signing in.

import assert from 'node:assert/strict';

import { Browser, inBothSchemes, logIn, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const api = new Api(url);
const email = freshEmail('links');
const password = 'a long enough password';
const browser = await new Browser(url).start();
const page = await browser.openPage();

// The link in the newest mail of a kind, on this gateway.
const linkOf = (kind) =>
    eventually(`a mail ${kind}`, () => {
        const link = system
            .mail()
            .filter((mail) => mail.to === email && mail.link?.includes(`?${kind}=`))
            .at(-1)?.link;
        return link && `${url}/${new URL(link).search}`;
    });

await check('the link in the signup mail verifies the address, and its token leaves the address bar', async () => {
    await signUp(page, url, { name: 'Nora', email, password });
    api.token = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')).access_token);
    assert.equal((await api.call('GET', '/users/profile')).data.email_verified, false);
    const link = await linkOf('verify_email');
    await page.goto(link);
    await page.getByText('Your e-mail address is verified.').waitFor();
    assert.equal((await api.call('GET', '/users/profile')).data.email_verified, true);
    assert.equal(new URL(page.url()).search, '');
    await page.goto(link);
    await page.getByText('expired or already used').waitFor();
});

await check('a link replaces a forgotten password and revokes the session', async () => {
    const other = await browser.openPage(await browser.newContext());
    await other.goto(url);
    await other.click('#auth-forgot');
    await inBothSchemes(other, 'the forgotten password');
    await other.click('#auth-submit');
    assert.match(await other.innerText('#auth-email-fault'), /address/);
    await other.fill('#email', email);
    await other.click('#auth-submit');
    await other.getByText('a mail with a link is on its way').waitFor();
    await other.goto(await linkOf('reset_password'));
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

await check('a link signs in once', async () => {
    await new Api(url).call('POST', '/auth/magic-link', { email });
    const link = await linkOf('magic_link');
    const other = await browser.openPage(await browser.newContext());
    await other.goto(link);
    await other.locator('#companions .card').first().waitFor();
    const late = await browser.openPage(await browser.newContext());
    await late.goto(link);
    await late.getByText('expired or already used').waitFor();
    assert.ok(await late.locator('#auth').isVisible());
});
