// The page of administration: a super looks at dead letters, retries them, replays a topic and sees what waits.

import assert from 'node:assert/strict';

import { send } from '../support/js/ctl.mjs';
import { check } from '../support/js/harness.mjs';
import { readTopic } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Browser, inBothSchemes } from './browser.mjs';
import { openStaffPage } from './staff_page.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem({ operations: 1 });
const browser = await new Browser(url).start();
const topic = 'moderation.decided.v1'; // no worker consumes it
const mark = crypto.randomUUID();

const signIn = (role) => openStaffPage(browser, { system, url }, role);

const letter = (n) => ({
    key: `k${n}`,
    value: JSON.stringify({ mark, n }),
    headers: {
        ce_id: crypto.randomUUID(),
        ce_type: topic,
        'kafka_dlt-original-consumer-group': 'sample',
        'kafka_dlt-exception-message': `a fault of ${mark}`,
        'airi-attempts': '5',
    },
});
await send(system, `${topic}-dlt`, [letter(1), letter(2), letter(3)]);
const inTopic = async () => (await readTopic(system, topic)).filter(({ value }) => value?.includes(mark)).length;

const page = await signIn('super');
const row = (decision) => page.locator('#letters tbody tr', { hasText: mark }).filter({ hasText: decision });
const step = page.locator('#step');

await check('a super sees the dead letters of a topic by error, and each with its place', async () => {
    await page.getByRole('link', { name: 'Topics' }).click();
    await row('waiting').waitFor();
    assert.match(
        await row('waiting').innerText(),
        new RegExp(`${topic}\\s+sample\\s+a fault of ${mark}\\s+waiting\\s+3`),
    );
    await row('waiting').getByRole('button', { name: 'Show' }).click();
    await step.locator('tbody tr').first().waitFor();
    assert.equal(await step.locator('tbody tr').count(), 3);
    assert.match(await step.locator('tbody tr').first().innerText(), /0\/\d+\s+k1\s+moderation\.decided\.v1\s+5/);
    await inBothSchemes(page, 'topics');
});

await check('a super previews a retry of dead letters and carries it out once', async () => {
    await row('waiting').getByRole('button', { name: 'Retry' }).click();
    await step.locator('#preview').waitFor();
    assert.match(await step.locator('#preview').innerText(), /^3 of \d+ records match\.$/);
    assert.equal(await inTopic(), 0, 'a preview sends nothing');
    await step.getByRole('button', { name: 'Retry 3 records' }).click();
    await step.getByText('It is done: 3 records sent.').waitFor();
    assert.equal(await inTopic(), 3);
    await row('retried').waitFor();
    assert.equal(await row('waiting').count(), 0);
    assert.equal(await row('retried').getByRole('button', { name: 'Retry' }).count(), 0);
});

await check('a super previews a replay, sees its progress and stops it', async () => {
    const count = 500;
    await send(
        system,
        topic,
        Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value: JSON.stringify({ mark, n }) })),
    );
    await page.fill('#replay-topic', topic);
    await page.fill('#replay-pointer', '/mark');
    await page.fill('#replay-value', mark);
    await page.fill('#replay-rate', '50');
    await page.getByRole('button', { name: 'Preview' }).click();
    await step.getByRole('button', { name: `Replay ${count + 3} records` }).click();
    await eventually('the progress is shown', async () =>
        /^[1-9]\d* records sent, \d+ left/.test((await step.locator('#progress').textContent()) ?? ''),
    );
    await step.getByRole('button', { name: 'Stop it' }).click();
    await step.getByText('It was stopped').waitFor();
    assert.ok((await inTopic()) < 2 * count + 6);
});

await check('a mistake in a replay stands in the form or at its preview', async () => {
    await page.fill('#replay-topic', '');
    await page.getByRole('button', { name: 'Preview' }).click();
    assert.notEqual(await page.locator('#replay-topic-fault').innerText(), '');
    await page.fill('#replay-topic', 'no.such.topic');
    await page.getByRole('button', { name: 'Preview' }).click();
    await step.getByText('No topic is named "no.such.topic".').waitFor();
});

await check('a super sees what waits for each consumer group', async () => {
    const usage = page.locator('#groups tbody tr', { hasText: 'usage.recorded.v1' }).filter({ hasText: 'usage' });
    await usage.first().waitFor();
    assert.match(await usage.first().innerText(), /usage\s+usage\.recorded\.v1\s+Stable\s+1\s+\d+/);
});

await check('an administrator who is no super sees no topics', async () => {
    const admin = await signIn('admin');
    await admin.goto(`${url}/admin#/operations`);
    await admin.locator('#alerts:not([hidden])').waitFor();
    assert.ok(await admin.getByRole('link', { name: 'Topics' }).isHidden());
    assert.ok(await admin.locator('#operations').isHidden());
});

await check('the page throws no exception, keeps the content policy and loads nothing from other origins', () =>
    assert.deepEqual(browser.faults, []),
);
