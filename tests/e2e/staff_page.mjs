// The page of administration of a new person with a role.

import assert from 'node:assert/strict';

import { appoint } from '../support/js/staff.mjs';
import { freshEmail } from './checks.mjs';

const password = 'a long enough password';

// Signs in before the role is given, as a person who is appointed later; the list of alerts is live.
export async function openStaffPage(browser, { system, url }, role) {
    const email = freshEmail(role);
    const body = { email, password, birth_date: '1990-02-28' };
    const made = await system.api('POST', '/auth/signup', { body, headers: { 'X-Token-Transport': 'bearer' } });
    assert.equal(made.status, 201);
    await system.rows('update users set role = $2 where email = $1', [email, role]);
    const page = await browser.openPage(await browser.newContext());
    await page.goto(`${url}/admin`);
    await page.locator('#sign-in').waitFor();
    await page.fill('#email', email);
    await page.fill('#password', password);
    await page.keyboard.press('Enter');
    await page.getByText('Your role needs a second factor').waitFor();
    const { user, access_token } = await page.evaluate(() => JSON.parse(localStorage.getItem('airi.session')));
    await appoint(system, { id: user.id, token: access_token }, role, [new URL(url).port]);
    await page.reload();
    await page.locator('body[data-connection="online"]').waitFor();
    return page;
}
