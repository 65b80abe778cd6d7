// Who may work on Ezri's crisis alerts, and who may read the evidence.

import assert from 'node:assert/strict';

import { withProduct } from '../support/js/accounts.mjs';
import { atRisk, auditOf, joined, listen, riskyWords } from '../support/js/crisis.mjs';
import { rejected, Wire } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';

const test = withProduct('ezri');
const reason = 'The person does not answer the phone.';

test('EZRI-36: evidence opens for the role crisis alone, with a logged reason', async (stage) => {
    const [{ user, alerts }, staff, admin, boss] = [
        await atRisk(stage),
        await joined(stage, 'crisis'),
        await joined(stage, 'admin'),
        await joined(stage, 'super'),
    ];
    const [{ id }] = alerts;
    const read = (who, of, why) =>
        who.api('GET', `/crisis/alerts/${of}/evidence${why === null ? '' : `?reason=${encodeURIComponent(why)}`}`);
    for (const who of [user, admin, boss])
        for (const of of [id, crypto.randomUUID()])
            for (const why of [reason, 'short']) rejected(await read(who, of, why), 403, 'FORBIDDEN');
    for (const why of [reason, 'short', null]) rejected(await read(staff, crypto.randomUUID(), why), 404, 'NOT_FOUND');
    for (const why of [null, '', 'too short', `    ${'x'.repeat(9)}    `, 'x'.repeat(501)])
        rejected(await read(staff, id, why), 422, 'VALIDATION_FAILED', /reason/);
    assert.deepEqual(await auditOf(stage, id), []);
    const { status, json, text } = await read(staff, id, reason);
    assert.equal(status, 200, text);
    assert.equal(json.data.text, riskyWords);
    assert.ok(json.data.signals.length > 0 && json.data.alert_id === id);
    const [entry, ...more] = await auditOf(stage, id);
    assert.deepEqual(
        [entry.user_id, entry.actor, entry.action, entry.details.reason, more],
        [user.id, staff.id, 'crisis_alert.evidence_read', reason, []],
    );
    const call = (await user.api('POST', '/crisis/alerts', { context: 'please call me' })).json.data.alert.id;
    assert.deepEqual((await read(staff, call, reason)).json.data, {
        alert_id: call,
        text: 'please call me',
        signals: [],
    });
    const tap = (await user.api('POST', '/crisis/alerts', {})).json.data.alert.id;
    assert.equal((await read(staff, tap, reason)).json.data.text, '');
});

test('EZRI-38: super administrators give the role crisis, which opens alerts only', async (stage) => {
    const [boss, admin, helper] = [await joined(stage, 'super'), await joined(stage, 'admin'), await joined(stage)];
    const set = (who, role) => who.api('PUT', `/users/${helper.id}/role`, { role });
    rejected(await set(admin, 'crisis'), 403, 'FORBIDDEN');
    const wire = await Wire.open(stage.ports[0], helper.token);
    const given = await set(boss, 'crisis');
    assert.deepEqual([given.status, given.json.data.role], [200, 'crisis']);
    rejected(await helper.api('GET', '/crisis/alerts'), 403, 'SECOND_FACTOR_REQUIRED');
    await appoint(stage.system, helper, 'crisis', stage.ports);
    assert.equal((await helper.api('GET', '/crisis/alerts')).status, 200, 'the role opens the alerts');
    for (const path of ['/admin/users', '/admin/settings', '/admin/audit-log', `/admin/users/${boss.id}`])
        rejected(await helper.api('GET', path), 403, 'FORBIDDEN');
    rejected(await admin.api('POST', `/admin/users/${helper.id}/ban`, { reason: 'x' }), 403, 'FORBIDDEN');
    await wire.closed();
    const live = await listen(stage, helper, ['crisis']);
    assert.equal((await set(boss, 'user')).status, 200);
    assert.equal(await live.closed(), 1008, 'without the role the channel is closed');
    rejected(await helper.api('GET', '/crisis/alerts'), 403, 'FORBIDDEN');
    const log = await auditOf(stage, helper.id);
    assert.deepEqual(
        log.filter(({ action }) => action === 'admin.role').map(({ details }) => details.role),
        ['crisis', 'user'],
    );
});

test('EZRI-36: the database checks the role too', async (stage) => {
    const [{ user, alerts }, admin, other] = [await atRisk(stage), await joined(stage, 'admin'), await joined(stage)];
    const [{ id }] = alerts;
    const runAs = async (who, sql) => {
        const client = await stage.system.database.connect();
        try {
            await client.query('begin; set local role airi_app');
            await client.query("select set_config('airi.user_id', $1, true)", [who.id]);
            return (await client.query(sql)).rows;
        } finally {
            await client.query('rollback');
            client.release();
        }
    };
    for (const who of [user, other])
        for (const sql of [
            'select page as is from crisis_alerts_page(null, null, null, null, 5)',
            `select crisis_alert_read('${id}') as is`,
            `select alert as is from crisis_alert_change('${id}', '{"status":"reviewed"}')`,
            `select alert as is from crisis_alert_evidence('${id}', '${reason}')`,
        ])
            assert.equal((await runAs(who, sql))[0].is.problem.code, 'FORBIDDEN', sql);
    const [refused] = await runAs(admin, `select alert as is from crisis_alert_evidence('${id}', '${reason}')`);
    assert.equal(refused.is.problem.code, 'FORBIDDEN');
    assert.deepEqual(await runAs(other, `select alert from crisis_alert_false_alarm('${id}')`), []);
    await assert.rejects(runAs(admin, 'select * from crisis_alerts'), /permission denied/);
});
