// The page behind the link of a trusted contact: accept, stop and change one's mind, without an account.

import assert from 'node:assert/strict';

import { Browser, inBothSchemes } from './browser.mjs';
import { afterFile, check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const offer = (value) => system.rows("update system_settings set value = $1 where key = 'crisis_contacts'", [value]);
await offer('true');
afterFile(() => offer('false'));
const api = new Api(url);
await api.signup(freshEmail('contacts'), 'a long enough password');
await api.call('PATCH', '/users/profile', { display_name: 'Nora' });
const browser = await new Browser(url).start();
const page = await browser.openPage();
const contact = freshEmail('contact');
const statusOf = async () => (await api.call('GET', '/crisis/contacts')).data[0].status;
const title = page.locator('#contact-title');
let path;

await check('EZRI-40: a contact reads what is asked, and accepts', async () => {
    await api.call('POST', '/crisis/contacts', { name: 'Grace', email: contact });
    const { link } = await eventually('a mail', () => system.mail(contact)[0]);
    const { pathname, hash } = new URL(link);
    path = pathname + hash;
    await page.goto(url + path);
    await page.getByText('Nora would like you as a trusted contact').waitFor();
    assert.match(await page.innerText('#contact-text'), /asks you to get in touch/);
    assert.equal(new URL(page.url()).hash, '', 'the token leaves the address bar');
    await inBothSchemes(page, 'a trusted contact is asked');
    await page.getByRole('button', { name: 'I agree' }).click();
    await page.getByText('You are a trusted contact of Nora').waitFor();
    assert.equal(await page.innerText('#contact-done'), 'Your answer is stored.');
    assert.ok(await title.evaluate((node) => node === document.activeElement));
    assert.equal(await statusOf(), 'accepted');
});

await check('EZRI-40: the same link stops the messages, and takes another answer later', async () => {
    const later = await browser.openPage(await browser.newContext());
    await later.goto(url + path);
    await later.getByRole('button', { name: 'Stop these messages' }).click();
    await later.getByText('These messages are stopped').waitFor();
    await inBothSchemes(later, 'a trusted contact has stopped');
    assert.equal(await statusOf(), 'stopped');
    await later.getByRole('button', { name: 'changed my mind' }).click();
    await later.getByText('You are a trusted contact of Nora').waitFor();
    assert.equal(await statusOf(), 'accepted');
});

await check('EZRI-40: an unknown link says so and asks nothing', async () => {
    for (const hash of ['', '#nothing']) {
        const stranger = await browser.openPage(await browser.newContext());
        await stranger.goto(`${url}/crisis/contacts/confirm${hash}`);
        await stranger.getByText('This link is not known').waitFor();
        assert.equal(await stranger.getByRole('button').count(), 0);
        await inBothSchemes(stranger, 'an unknown link');
    }
    assert.deepEqual(browser.faults, []);
});
