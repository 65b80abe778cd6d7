// Signing in with an identity provider, on the page and the provider's own pages (npm oidc-provider).

import assert from 'node:assert/strict';

import { generate } from 'otplib';

import { prove } from '../support/js/accounts.mjs';
import { OpenIdProvider } from '../support/js/identity_providers.mjs';
import { Browser, inBothSchemes, logIn, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

// The gateway's redirect address when no other one is configured.
const { system, url: base, openidPort } = await pageSystem();
const url = base.replace('127.0.0.1', 'localhost');
const provider = await OpenIdProvider.start({ redirect: `${url}/`, port: openidPort });
const email = freshEmail('identity');
const subject = provider.person(email, { name: 'Grace' });
await eventually('the provider is offered', async () =>
    (await (await fetch(`${url}/api/v1/auth/oauth`)).json()).data.some((one) => one.name === 'oidc'),
);
const browser = await new Browser(url).start();
// Only the provider's pages may request other origins.
const elsewhere = (request) => ![new URL(url).origin, provider.issuer].includes(new URL(request).origin);

async function openPage(context) {
    const page = await browser.openPage(context);
    await page.route(
        (request) => elsewhere(request.href),
        (route) => route.abort(),
    );
    return page;
}

async function confirm(page, login) {
    await page.fill('input[name=login]', login);
    await page.fill('input[name=password]', 'x');
    await page.click('button[type=submit]');
    await page.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' });
    await page.click('button[type=submit]');
}

const offered = (page) => page.getByRole('button', { name: 'Continue with Example ID' });
const page = await openPage();

await check('SAAS-02: a user signs in at the provider and returns to the companions', async () => {
    await page.goto(url);
    await offered(page).waitFor();
    await inBothSchemes(page, 'the form with a provider');
    await page.click('#auth-forgot');
    assert.equal(await offered(page).isVisible(), false);
    await page.click('#auth-change');
    await offered(page).click();
    await confirm(page, subject);
    await page.fill('#birth_date', '1990-02-28');
    await page.click('#auth-submit');
    await page.locator('#companions .card').first().waitFor();
    assert.equal(new URL(page.url()).search, '', 'the code has left the address bar');
    assert.equal(await page.innerText('#account-name'), 'Grace');
    assert.equal(await page.evaluate(() => sessionStorage.getItem('airi.flow')), null);
});

await check('the account lists its identity, and the last one cannot be removed', async () => {
    await page.click('#settings');
    const item = page.locator('#identity-list li');
    await item.getByText(email).waitFor();
    await inBothSchemes(page, 'the identities');
    await item.getByRole('button', { name: 'Remove Example ID' }).click();
    await page.click('#question-yes');
    await page.locator('#identities .problem').getByText('only way to sign in').waitFor();
    assert.equal(await item.count(), 1);
});

await check('a sign-in of another browser is rejected, and a cancelled one is reported', async () => {
    const other = await openPage(await browser.newContext());
    await other.goto(`${url}/?code=planted&state=planted`);
    await other.getByText('This sign-in was not started here').waitFor();
    assert.equal(new URL(other.url()).search, '');
    await offered(other).click();
    await other.locator('a[href$="/abort"]').click();
    await other.getByText('You did not sign in there').waitFor();
    // The address belongs to an account, and the provider has not verified it.
    const taken = freshEmail('taken');
    await signUp(await openPage(await browser.newContext()), url, {
        name: 'Tom',
        email: taken,
        password: 'a long enough password',
    });
    await offered(other).click();
    await confirm(other, provider.person(taken, { email_verified: false }));
    await other.getByText('already exists').waitFor();
});

await check('a user with a password links an identity and removes it', async () => {
    const other = await openPage(await browser.newContext());
    const [mail, password] = [freshEmail('linking'), 'a long enough password'];
    await signUp(other, url, { name: 'Lin', email: mail, password });
    await prove(system, mail);
    await other.click('#settings');
    await other.getByRole('button', { name: 'Link Example ID' }).click();
    await confirm(other, provider.person(freshEmail('other'), { email_verified: false }));
    await other.getByText('You can now sign in with it too').waitFor();
    await other.click('#settings');
    await other.getByRole('button', { name: 'Remove Example ID' }).click();
    await other.click('#question-yes');
    await eventually('it is gone', async () => (await other.locator('#identity-list li').count()) === 0);
    await other.click('#account-close');
    await other.click('#logout');
    await logIn(other, mail, password);
    await other.locator('#companions .card').first().waitFor();
});

await check('a user with a second factor enters a code after the provider', async () => {
    const api = new Api(url);
    api.token = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')).access_token);
    const {
        data: { secret },
    } = await api.call('POST', '/auth/2fa/setup', {});
    const {
        data: {
            recovery_codes: [recovery],
        },
    } = await api.call('POST', '/auth/2fa/enable', { code: await generate({ secret }) });
    const other = await openPage(await browser.newContext());
    await other.goto(url);
    await offered(other).click();
    await confirm(other, subject);
    await other.getByText('One more step').waitFor();
    await inBothSchemes(other, 'the second step');
    await other.fill('#code', '000000');
    await other.click('#auth-submit');
    await other.locator('#auth-code-fault').getByText('wrong').waitFor();
    await other.fill('#code', recovery);
    await other.click('#auth-submit');
    await other.locator('#companions .card').first().waitFor();
});

await provider.down();
assert.deepEqual(
    browser.faults.filter((one) => !one.startsWith('external request: ')),
    [],
);
