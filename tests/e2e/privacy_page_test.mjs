// A child signs up and waits for a parent's consent; a user exports their data, closes the account and restores it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Browser, inBothSchemes, logIn, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { tokenOf } from '../support/js/mail_links.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const password = 'a long enough password';
const browser = await new Browser(url).start();
const linkOf = async (to, kind, count) => `${url}/#${kind}=${await tokenOf(system, to, kind, count)}`;
const ago = (years) => `${new Date().getUTCFullYear() - years}-01-01`;

async function childOn(page, email, parent) {
    await page.goto(url);
    await page.click('#auth-change');
    await page.locator('#birth_date').waitFor();
    await page.fill('#birth_date', ago(30));
    assert.equal(await page.isVisible('#parent_email'), false);
    await page.fill('#birth_date', ago(9));
    await page.locator('#parent_email').waitFor();
    await page.fill('#display_name', 'Kim');
    await logIn(page, email, password);
    await page.locator('#auth-parent_email-fault:not(:empty)').waitFor();
    await inBothSchemes(page, 'signing up as a child');
    await page.fill('#parent_email', email);
    await page.click('#auth-submit');
    await page.getByText("not the child's").waitFor();
    await page.fill('#parent_email', parent);
    await page.click('#auth-submit');
    await page.getByText('A parent has to agree').waitFor();
}

await check('SAAS-07: a child waits until the parent agrees, and the page then opens by itself', async () => {
    const [email, parent] = [freshEmail('kim'), freshEmail('parent')];
    const page = await browser.openPage();
    await childOn(page, email, parent);
    assert.equal(await page.isVisible('#app'), false);
    await inBothSchemes(page, 'waiting for a parent');
    await page.getByText('Send the mail again').click();
    await page.getByText('The mail is on its way.').waitFor();
    await page.reload();
    await page.getByText('A parent has to agree').waitFor();
    const link = await linkOf(parent, 'parental_consent', 2);
    const other = await browser.openPage(await browser.newContext());
    await other.goto(link);
    await other.getByText('May Kim use').waitFor();
    assert.ok((await other.innerText('#consent-text')).includes(email));
    assert.equal(new URL(other.url()).hash, '');
    await inBothSchemes(other, 'asking a parent');
    await other.click('#consent-yes');
    await other.getByText('The account is active now.').waitFor();
    await page.locator('#companions .card').first().waitFor();
    await other.goto(link);
    await other.getByText('expired or already used').waitFor();
    await page.click('#settings');
    await page.locator('#consents-form').waitFor();
    assert.equal(await page.isVisible('#consent-analytics'), false, 'nobody asks a child for analytics');
    await page.close();
});

await check('SAAS-07: the account is deleted when the parent does not agree', async () => {
    const [email, parent] = [freshEmail('kim'), freshEmail('parent')];
    const page = await browser.openPage(await browser.newContext());
    await childOn(page, email, parent);
    const other = await browser.openPage(await browser.newContext());
    await other.goto(await linkOf(parent, 'parental_consent'));
    await other.click('#consent-no');
    await other.getByText('The account has been deleted.').waitFor();
    await other.getByRole('button', { name: 'Continue', exact: true }).click();
    await other.locator('#auth').waitFor();
    await page.locator('#auth').waitFor();
});

const email = freshEmail('leaving');
const page = await browser.openPage(await browser.newContext());

await check('SAAS-08: consents are stored; an export is requested, announced and downloaded', async () => {
    await signUp(page, url, { name: 'Nora', email, password });
    await page.click('#settings');
    await page.locator('#consents-form').waitFor();
    await page.check('#consent-marketing');
    await page.click('#consents-form [type=submit]');
    await page.locator('#consents-form .done', { hasText: 'Saved.' }).waitFor();
    await page.click('#export-form [type=submit]');
    await page.locator('#exports li[data-state=ready] button').waitFor();
    await inBothSchemes(page, 'account with a copy of the data');
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('#exports button')]);
    const archive = JSON.parse(readFileSync(await file.path(), 'utf8'));
    assert.equal(archive.profile.email, email);
    assert.deepEqual(
        archive.consents.map((one) => [one.kind, one.granted]),
        [['marketing', true]],
    );
    await page.click('#account-close');
    await page.reload();
    await page.click('#settings');
    await eventually('the consent is shown', () => page.isChecked('#consent-marketing'));
});

await check('SAAS-08: an account is closed with the password and restored at the next login', async () => {
    await page.fill('#close-password', 'not the password');
    await page.click('#close-form [type=submit]');
    await page.click('#question-yes');
    await page.locator('#close-form .problem', { hasText: 'wrong' }).waitFor();
    await page.fill('#close-password', password);
    await page.click('#close-form [type=submit]');
    await page.click('#question-yes');
    await page.getByText('Your account is closed. It will be erased on').waitFor();
    await logIn(page, email, password);
    await page.getByText('Until then you can restore it.').waitFor();
    await inBothSchemes(page, 'a closed account');
    await page.click('#auth-submit');
    await page.locator('#companions .card').first().waitFor();
    assert.equal(await page.innerText('#greeting'), 'Hello, Nora');
});

await check('SAAS-08: an account is restored by the link in the mail', async () => {
    const api = new Api(url);
    api.token = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')).access_token);
    await api.call('DELETE', '/users/me', { password });
    await page.locator('#auth:visible').waitFor();
    await page.goto(await linkOf(email, 'account_deletion', 2));
    await page.getByText('Your account is restored.').waitFor();
    await logIn(page, email, password);
    await page.locator('#companions .card').first().waitFor();
});

assert.deepEqual(browser.faults, []);
