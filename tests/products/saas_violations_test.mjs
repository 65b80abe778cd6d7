// AIRI SaaS: the history of violations, escalation, and patterns across users.

import assert from 'node:assert/strict';

import { withAccounts } from '../support/js/accounts.mjs';
import { appoint } from '../support/js/staff.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { call, writer } from '../support/js/violations.mjs';

const test = withAccounts({ profile: 'saas', violations: 1, notifications: 1 });

test('SAAS-37: the history of violations escalates, has pages and ends with its time', async (stage) => {
    const user = await writer(stage);
    for (const text of ['kys', 'kill yourself', 'kys']) await user.say(text);
    await eventually('they are recorded', async () => (await user.violations()).length === 3);
    const first = await user.api('GET', '/moderation/violations?limit=2');
    const { next_cursor: cursor } = first.json.meta;
    const rest = await user.api('GET', `/moderation/violations?limit=2&cursor=${encodeURIComponent(cursor)}`);
    assert.deepEqual([first.json.data.length, rest.json.data.length], [2, 1]);
    assert.ok(first.json.data.concat(rest.json.data).every(({ action }) => action === 'warning'));
    await stage.system.rows('update violations set counts_until = now() where user_id = $1', [user.id]);
    for (const text of ['kys', 'kys']) await user.say(text);
    await eventually('the old ones count no more', async () => {
        const all = await user.violations();
        return all.length === 5 && all.every(({ action }) => action === 'warning');
    });
    for (const text of ['kys', 'kys', 'kys']) await user.say(text);
    const [row] = await eventually('five within their time suspend', async () =>
        stage.system
            .rows("select * from violations where user_id = $1 and action = 'suspension'", [user.id])
            .then((rows) => rows.length > 0 && rows),
    );
    assert.equal(row.category, 'harassment');
});

test('SAAS-36: administrators are warned of one text that several users were blocked for', async (stage) => {
    const admin = await stage.join();
    await appoint(stage.system, admin, 'admin', stage.ports);
    const text = `kill yourself ${crypto.randomUUID()}`;
    for (const user of [await writer(stage), await writer(stage), await writer(stage)]) {
        await user.say(text);
        await eventually('it is recorded', async () => (await user.violations()).length === 1);
    }
    await stage.system.rows('select job_violation_patterns()');
    await stage.system.rows('select job_violation_patterns()');
    const api = call(stage.ports[0], admin.token);
    const told = await eventually('the administrator is warned', async () => {
        const { data } = (await api('GET', '/notifications')).json;
        const warnings = data.filter(
            ({ message }) => message === 'The same text was blocked for 3 users within a day.',
        );
        return warnings.length > 0 && warnings;
    });
    assert.equal(told.length, 1, 'once, though the job ran twice');
});
