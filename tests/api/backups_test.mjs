// Requests of backups, and the records of each. The backups themselves: tests/faults/backups_test.mjs.

import assert from 'node:assert/strict';

import { withAccounts } from '../support/js/accounts.mjs';
import { Backups } from '../support/js/backups.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';

const test = withAccounts();

async function joinAs({ system, ports, join }, role) {
    const account = await join();
    await appoint(system, account, role, ports);
    const api = (method, path, json) => ask(ports[0], { method, path: `/api/v1${path}`, token: account.token, json });
    return { ...account, api };
}

test('HOWTO-24: a super alone requests a backup and reads its outcome', async (stage) => {
    const [admin, boss] = [await joinAs(stage, 'admin'), await joinAs(stage, 'super')];
    rejected(await admin.api('POST', '/admin/backups', {}), 403, 'FORBIDDEN');
    rejected(await admin.api('GET', '/admin/backups'), 403, 'FORBIDDEN');
    const asked = await boss.api('POST', '/admin/backups', {});
    assert.equal(asked.status, 202, asked.text);
    const { id, kind, state, requested_by: by } = asked.json.data;
    assert.deepEqual([kind, state, by], ['manual', 'requested', boss.id]);
    rejected(await boss.api('POST', '/admin/backups', {}), 409, 'BACKUP_WAITS');
    const entries = await stage.system.rows(
        `select actor from audit_log where action = 'backup.requested' and subject = $1`,
        [id],
    );
    assert.deepEqual(entries, [{ actor: boss.id }]);

    const made = await Backups.of(stage.system).run(['cycle', 'manual']);
    assert.equal(made.code, 0, made.errors);
    const read = (await boss.api('GET', `/admin/backups/${id}`)).json.data;
    assert.deepEqual([read.id, read.state, read.error], [id, 'done', null]);
    assert.match(read.name, /^\d{8}T\d{6}Z-manual$/);
    assert.ok(read.size > 1_000_000 && read.verified_at > read.ended_at);
    rejected(await boss.api('GET', `/admin/backups/${crypto.randomUUID()}`), 404, 'NOT_FOUND');
    const listed = (await boss.api('GET', '/admin/backups')).json.data;
    assert.deepEqual(listed, [read]);
});
