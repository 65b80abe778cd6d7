// A suspended user appeals on the page behind the link in the mail, a warned one in the account; an administrator
// decides.

import assert from 'node:assert/strict';

import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { linkOf } from '../support/js/violations.mjs';
import { Browser, ended, inBothSchemes, say, signUp } from './browser.mjs';
import { freshEmail } from './checks.mjs';
import { openStaffPage } from './staff_page.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem({ violations: 1 });
const password = 'a long enough password';
const browser = await new Browser(url).start();

async function register(role) {
    const email = freshEmail(role);
    const body = { email, password, birth_date: '1990-02-28' };
    const made = await system.api('POST', '/auth/signup', { body, headers: { 'X-Token-Transport': 'bearer' } });
    assert.equal(made.status, 201);
    return { ...made.json.data.user, token: made.json.data.access_token, password };
}

const user = await register('user');
await system.rows(
    `insert into moderation_decisions (message_id, user_id, action, categories, confidence, reason)
     select gen_random_uuid(), $1, 'block', '{hate}', 1, 'term' from generate_series(1, 3)`,
    [user.id],
);
const token = await linkOf({ system }, user, /suspended/);
const page = await browser.openPage(await browser.newContext());
const admin = await openStaffPage(browser, { system, url }, 'admin');
const appeal = admin.locator('#appeals-list li', { hasText: user.email });

await check('AIRI-34: a suspended user sees what it is about and appeals, without signing in', async () => {
    await page.goto(`${url}/appeal#${token}`);
    await page.locator('#appeal-form:not([hidden])').waitFor();
    assert.match(await page.innerText('#appeal-text'), /^Your account is suspended until .+\. Reason: hate\.$/);
    await inBothSchemes(page, 'appeal');
    await page.getByRole('button', { name: 'Send the appeal' }).click();
    assert.notEqual(await page.innerText('#statement-fault'), '', 'an empty one is not sent');
    await page.fill('#statement', 'I quoted a film');
    await page.getByRole('button', { name: 'Send the appeal' }).click();
    await page.getByText('Your appeal is with us.').waitFor();
    assert.ok(await page.locator('#appeal-form').isHidden());
});

await check('AIRI-34: an administrator reads the appeal and takes the suspension back', async () => {
    await admin.getByRole('link', { name: 'Appeals' }).click();
    await appeal.waitFor();
    assert.match(await appeal.innerText(), /suspension: hate.*I quoted a film/s);
    await inBothSchemes(admin, 'appeals');
    await appeal.getByLabel('Answer to the user').fill('You are right');
    await appeal.getByRole('button', { name: 'Take it back' }).click();
    await eventually('it is decided', async () => (await appeal.getAttribute('data-state')) === 'reversed');
    assert.equal(await appeal.getByRole('button').count(), 0);
    const again = await system.api('POST', '/auth/login', { body: { email: user.email, password } });
    assert.equal(again.status, 200, 'the user may sign in again');
    await page.goto('about:blank');
    await page.goto(`${url}/appeal#${token}`);
    await page.getByText('This was taken back.').waitFor();
});

await check('AIRI-34: a warned user finds the message in the account and appeals there', async () => {
    const warned = await browser.openPage();
    const email = freshEmail('warned');
    await signUp(warned, url, { name: 'Nora', email, password });
    await system.rows(
        `insert into moderation_decisions (message_id, user_id, action, categories, confidence, reason)
         select gen_random_uuid(), id, 'block', '{spam}', 1, 'term' from users where email = $1`,
        [email],
    );
    await warned.click('#settings');
    const item = warned.locator('#violation-list li');
    await item.waitFor();
    assert.match(await item.innerText(), /spam.*warning/s);
    await item.getByRole('button', { name: 'Appeal' }).click();
    await item.getByLabel('Why do you think that this is wrong?').fill('It was no spam');
    await item.getByRole('button', { name: 'Send the appeal' }).click();
    await item.getByText('your appeal is with us').waitFor();
});

await check('AIRI-33: a person sees that a message waits, and is answered when it is allowed', async () => {
    const writer = await browser.openPage(await browser.newContext());
    await signUp(writer, url, { name: 'Ada', email: freshEmail('writer'), password });
    await writer.locator('#companions .card').first().click();
    await say(writer, 'white power');
    await writer.getByText('This message waits for a person to review it.').waitFor();
    await admin.getByRole('link', { name: 'Held messages' }).click();
    const held = admin.locator('#held-list li', { hasText: 'white power' });
    await held.waitFor();
    assert.match(await held.innerText(), /blocked_term:hate/);
    await inBothSchemes(admin, 'held messages');
    await held.getByRole('button', { name: 'Allow' }).click();
    await admin.getByText('No message waits.').waitFor();
    await ended(writer, 1);
    assert.equal(await writer.getByText('This message waits for a person').count(), 0);
});

await check('AIRI-33 SAAS-36: an administrator sets and removes terms and patterns', async () => {
    const form = admin.locator('#term-form');
    const row = (text) => admin.locator('#terms-found tbody tr', { hasText: text });
    const set = async (term, kind, action) => {
        await form.getByLabel('Term').fill(term);
        await form.getByLabel('Kind').selectOption(kind);
        await form.getByLabel('Category').selectOption('spam');
        await form.getByLabel('Action').selectOption(action);
        await form.getByRole('button', { name: 'Set' }).click();
    };
    await admin.getByRole('link', { name: 'Blocked terms' }).click();
    await row('kill yourself').waitFor();
    assert.match(
        await row('kill yourself').innerText(),
        /Words\s+harassment\s+block\s+in force\s+as the profile has it/,
    );
    await set('(free)+ money', 'pattern', 'block');
    await form.getByText('has no greatest length').waitFor();
    await set('free money [0-9]{2}', 'pattern', 'block');
    await form.getByText('It is set.').waitFor();
    await admin.getByLabel('Contains').fill('MONEY');
    await admin.getByRole('button', { name: 'Search' }).click();
    await row('free money [0-9]{2}').waitFor();
    await eventually('others are gone', async () => (await row('kill yourself').count()) === 0);
    assert.match(await row('free money').innerText(), /Pattern\s+spam\s+block\s+in force/);
    await inBothSchemes(admin, 'terms');
    await row('free money').getByRole('button', { name: 'Change' }).click();
    await form.getByLabel('Action').selectOption('warn');
    await form.getByRole('button', { name: 'Set' }).click();
    await row('free money').filter({ hasText: 'warn' }).waitFor();
    await row('free money').getByRole('button', { name: 'Remove' }).click();
    await row('free money').filter({ hasText: 'none' }).waitFor();
    assert.equal(await row('free money').getByRole('button', { name: 'Remove' }).count(), 0);
    const stored = await system.rows(
        "select pattern, action, changed_by is not null as by from blocked_terms where term like 'free money%'",
    );
    assert.deepEqual(stored, [{ pattern: true, action: 'none', by: true }]);
});

await check('SAAS-36: an administrator sees the counts of the shadow', async () => {
    const counts = admin.locator('#shadow-counts');
    await counts.getByText('The shadow has judged no message.').waitFor();
    await system.rows(
        `insert into moderation_shadow_counts (day, way, category, live, shadow, messages)
         values ((now() at time zone 'utc')::date, 'stricter', 'spam', 'allow', 'block', 3)`,
    );
    await admin.locator('#terms').getByRole('button', { name: 'Look again' }).click();
    await counts.locator('tbody tr').waitFor();
    assert.match(await counts.locator('tbody tr').innerText(), /spam\s+allow\s+block\s+shadow stricter\s+3/);
});

await check('a link that is not known says so', async () => {
    await page.goto('about:blank');
    await page.goto(`${url}/appeal#nonsense`);
    await page.getByText('This link is not known.').waitFor();
});

await check('the pages throw no exception, keep the content policy and load nothing from other origins', () =>
    assert.deepEqual(browser.faults, []),
);
