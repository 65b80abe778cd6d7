// A crisis on the pages: the person gets help that stays in view, the people who work on alerts see it live.

import assert from 'node:assert/strict';

import { Browser, ended, inBothSchemes, logIn, replies, say, signUp } from './browser.mjs';
import { check } from '../support/js/harness.mjs';
import { print } from '../support/js/scenario.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { freshEmail } from './checks.mjs';
import { openStaffPage } from './staff_page.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const password = 'a long enough password';
const browser = await new Browser(url).start();
const squeeze = (text) => text.replace(/\s+/g, ' ').trim();

const staffPage = (role) => openStaffPage(browser, { system, url }, role);
const itemOf = (page, id) => page.locator(`#alert-list [data-id="${id}"]`);
const details = (page) => page.locator('#details');
const step = (page, name) => page.locator('#steps button', { hasText: name }).click();
const idsOf = (page) =>
    page.locator('#alert-list li').evaluateAll((items) => items.map((item) => item.getAttribute('data-id')));

const admin = await staffPage('admin');
const person = await browser.openPage();
await signUp(person, url, { name: 'Nora', email: freshEmail('crisis'), password });
await person.locator('#companions .card').first().click();

await check('the page of alerts is served with its content policy, and says that no line is reviewed', async () => {
    const answer = await fetch(`${url}/admin`);
    assert.match(answer.headers.get('content-security-policy'), /default-src 'self'/);
    await admin.locator('#unreviewed').waitFor();
    assert.match(await admin.innerText('#unreviewed'), /^(\d+) of \1 help lines have not been reviewed/);
    await inBothSchemes(admin, 'alerts');
});

let alert;

await check('EZRI-37: an alert appears on the page of an administrator within a second, and is announced', async () => {
    const before = await idsOf(admin);
    await admin.evaluate(() => {
        const list = document.getElementById('alert-list');
        const before = list.children.length;
        const look = () => list.children.length > before && (window.changedAt ??= Date.now());
        new MutationObserver(look).observe(list, { childList: true });
    });
    await person.locator('#message').fill('I want to end my life');
    const sent = Date.now();
    await person.locator('#message').press('Enter');
    await eventually('the alert is there', async () => (await idsOf(admin)).length === before.length + 1);
    const ms = (await admin.evaluate(() => window.changedAt)) - sent;
    print(`an alert is on the page ${ms} ms after its message was sent`);
    assert.ok(ms > 0 && ms < 1_000, `${ms} ms`);
    [alert] = await idsOf(admin);
    assert.match(squeeze(await itemOf(admin, alert).innerText()), /^Suicide, (high|critical) pending · not assigned/);
    await eventually('it is announced', async () =>
        /^New alert: Suicide/.test(await admin.locator('#announcer').textContent()),
    );
});

await check(
    'EZRI-35: the person sees the help lines at once, and some of them as long as the crisis lasts',
    async () => {
        await person.locator('#crisis[open] #crisis-lines li').first().waitFor();
        assert.match(squeeze(await person.innerText('#crisis')), /These people listen/);
        await inBothSchemes(person, 'help in a crisis');
        await person.click('#crisis-close');
        await ended(person, 1);
        assert.match(await replies(person).last().innerText(), /concerned|wellbeing/);
        await person.locator('#safety').waitFor();
        await inBothSchemes(person, 'a crisis');
        await person.reload();
        await person.locator('#safety').waitFor();
        await person.click('#safety-more');
        await person.locator('#crisis[open]').waitFor();
        await person.click('#crisis-close');
    },
);

await check(
    'EZRI-38: an administrator works the alert to its end with the keyboard, without the evidence',
    async () => {
        await itemOf(admin, alert).locator('button').focus();
        await admin.keyboard.press('Enter');
        await details(admin).waitFor();
        assert.equal(await admin.evaluate(() => document.activeElement.id), 'details-title');
        assert.match(squeeze(await admin.innerText('#facts')), /Person Nora, .*Severity (high|critical) Kind suicide/);
        assert.equal(await admin.locator('#evidence-form').isVisible(), false);
        await inBothSchemes(admin, 'an alert');
        await step(admin, 'Assign to me');
        await eventually('it is assigned', async () => /yours/.test(await itemOf(admin, alert).innerText()));
        await step(admin, 'Mark as reviewed');
        await admin.locator('#details[data-status="reviewed"]').waitFor();
        await admin.fill('#notes', 'Called back.');
        await admin.click('#notes-form button[type=submit]');
        await admin.locator('#notes-form .done', { hasText: 'Saved.' }).waitFor();
        await step(admin, 'Resolve');
        await admin.locator('#details[data-status="resolved"]').waitFor();
        assert.equal(await admin.inputValue('#notes'), 'Called back.');
        await person.locator('#safety').waitFor({ state: 'hidden' });
        await admin.selectOption('#filter-status', 'pending');
        await eventually('the filter leaves it out', async () => !(await idsOf(admin)).includes(alert));
        await admin.selectOption('#filter-status', '');
        await eventually('it is back', async () => (await idsOf(admin)).includes(alert));
    },
);

await check('EZRI-38: one tap ends a false alarm, and the list says who said so', async () => {
    for (const count of [2, 3]) {
        await say(person, 'I want to end my life');
        await person.locator('#crisis[open]').waitFor();
        await person.click('#crisis-close');
        await ended(person, count);
    }
    await person.click('#safety-end');
    await person.locator('#safety').waitFor({ state: 'hidden' });
    await person.locator('#toast', { hasText: 'Thank you for telling us' }).waitFor();
    await eventually('both are resolved', async () => {
        const texts = await admin.locator('#alert-list li').allInnerTexts();
        return texts.slice(0, 2).every((text) => /resolved · false alarm/.test(text));
    });
    await say(person, 'Good morning.');
    await ended(person, 4);
    assert.equal(await person.locator('#safety').isVisible(), false);
});

await check('EZRI-36: the role crisis reads the evidence behind a reason, and loses it with the alert', async () => {
    const staff = await staffPage('crisis');
    await itemOf(staff, alert).locator('button').click();
    await staff.locator('#evidence-form').waitFor();
    await staff.fill('#reason', 'short');
    await staff.click('#evidence-form button[type=submit]');
    await eventually('the reason is too short', async () => (await staff.innerText('#reason-fault')) !== '');
    await staff.fill('#reason', 'The person does not answer the phone.');
    await staff.click('#evidence-form button[type=submit]');
    await staff.locator('#evidence blockquote', { hasText: 'I want to end my life' }).waitFor();
    await inBothSchemes(staff, 'evidence');
    const [other] = await idsOf(staff);
    await itemOf(staff, other).locator('button').click();
    await eventually('it is gone', async () => (await staff.locator('#evidence blockquote').count()) === 0);
    const [{ n }] = await system.rows(
        "select count(*)::int as n from audit_log where action = 'crisis_alert.evidence_read' and subject = $1",
        [alert],
    );
    assert.equal(n, 1);
});

await check('a user without a role sees that the page is not for them', async () => {
    const context = await browser.newContext();
    const page = await browser.openPage(context);
    const email = freshEmail('stranger');
    await signUp(page, url, { name: 'Max', email, password });
    await page.goto(`${url}/admin`);
    await page.locator('#stranger').waitFor();
    assert.equal(await page.locator('#alerts').isVisible(), false);
    await inBothSchemes(page, 'no role');
    await page.click('#logout');
    await page.locator('#sign-in').waitFor();
    await inBothSchemes(page, 'log in to the alerts');
    await page.goto(url);
    await logIn(page, email, password);
    await page.locator('#companions .card').first().waitFor();
});

await check('the pages throw no exception, keep the content policy and load nothing from other origins', () =>
    assert.deepEqual(browser.faults, []),
);
