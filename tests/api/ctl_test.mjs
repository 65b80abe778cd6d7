// airi-ctl's users, keys, profile and migrate, which do what administrators do, and the audit log's entries about what
// operators change.

import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { prove, withAccounts } from '../support/js/accounts.mjs';
import { ctl, outcome, program, startProgram } from '../support/js/ctl.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts({ profile: 'saas', file: 'ctl' });
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

async function done(system, ...words) {
    const { code, text, errors } = await ctl(system, ...words);
    assert.equal(code, 0, errors);
    return text
        .split('\n')
        .filter(Boolean)
        .map((line) => (line.startsWith('{') ? JSON.parse(line) : line));
}

async function refused(system, words, pattern, code = 2) {
    const got = await ctl(system, ...words);
    assert.equal(got.code, code, got.text);
    assert.match(got.errors, pattern);
}

const entries = (system, action, subject) =>
    system.rows('select actor, user_id, details from audit_log where action = $1 and subject = $2 order by at', [
        action,
        subject,
    ]);

test('a user is found, shown, suspended and restored by an operator, whom the audit log names', async (stage) => {
    const { system, join, session } = stage;
    const account = await join();
    const [found] = await done(system, 'users', 'find', '--email', account.email.slice(0, 20));
    assert.deepEqual([found.id, found.email, found.status], [account.id, account.email, 'active']);
    const [shown] = await done(system, 'users', 'show', account.email.toUpperCase());
    assert.deepEqual([shown.user.id, shown.sessions.length], [account.id, 1]);

    const socket = await Wire.open(stage.ports[0], account.token);
    const words = ['users', 'suspend', account.email, '--reason', 'spam', '--until', '2h', '--as', 'ada'];
    const [suspended] = await done(system, ...words);
    assert.deepEqual([suspended.status, suspended.status_reason], ['suspended', 'spam']);
    assert.ok(new Date(suspended.status_until) > Date.now() + 7_000_000);
    await socket.closed;
    await stage.rejectedEverywhere(account.token, 'ACCOUNT_SUSPENDED', 403);
    const [restored] = await done(system, 'users', 'restore', account.id, '--as', 'ada');
    assert.equal(restored.status, 'active');
    assert.equal((await session(account.token)).status, 200);

    for (const action of ['admin.suspend', 'admin.reinstate']) {
        const [entry] = await entries(system, action, account.id);
        assert.deepEqual([entry.actor, entry.user_id, entry.details.operator], [null, account.id, 'ada']);
    }
    const [role] = await done(system, 'users', 'role', account.email, 'admin');
    assert.equal(role.role, 'admin');
    const [entry] = await entries(system, 'admin.role', account.id);
    assert.equal(entry.details.operator, os.userInfo().username, 'without --as');
});

test('API keys are listed and revoked by an operator, one or all', async ({ system, join, post, ports }) => {
    const account = await join('pro');
    const keys = [];
    for (const name of ['one', 'two', 'three']) {
        const made = await post('/api-keys', { name }, { token: account.token });
        assert.equal(made.status, 201, made.text);
        keys.push(made.json.data);
    }
    const listed = await done(system, 'keys', 'list', account.email);
    assert.deepEqual(listed.map(({ name }) => name).sort(), ['one', 'three', 'two']);
    assert.ok(!JSON.stringify(listed).includes(keys[0].key));
    const use = (key) => ask(ports[1], { path: '/v1/models', token: key });
    assert.equal((await use(keys[0].key)).status, 200);
    await done(system, 'keys', 'revoke', account.email, keys[0].id, '--as', 'ada');
    rejected(await use(keys[0].key), 401);
    assert.equal((await use(keys[1].key)).status, 200);
    assert.deepEqual(await done(system, 'keys', 'revoke', account.email, 'all', '--as', 'ada'), ['2 keys revoked']);
    rejected(await use(keys[1].key), 401);
    for (const { id } of keys) {
        const [entry] = await entries(system, 'api_key.revoked', id);
        assert.deepEqual([entry.actor, entry.user_id, entry.details.operator], [null, account.id, 'ada']);
    }
    await refused(system, ['keys', 'revoke', account.email, keys[0].id], /the user has no key/);
});

test('a setting is listed, shown and set by an operator, within its declaration', async ({ system }) => {
    const all = await done(system, 'profile', 'list');
    assert.ok(all.length > 20);
    const [before] = await done(system, 'profile', 'show', 'violation_days');
    const [after] = await done(system, 'profile', 'set', 'violation_days', '77', '--as', 'ada');
    assert.deepEqual([after.value, after.category], [77, before.category]);
    const [entry] = await entries(system, 'admin.setting', 'violation_days');
    assert.deepEqual([entry.actor, entry.details], [null, { value: 77, operator: 'ada' }]);
    await done(system, 'profile', 'set', 'violation_days', JSON.stringify(before.value));
    await refused(system, ['profile', 'set', 'violation_days', '"x"'], /violation_days/);
    await refused(system, ['profile', 'set', 'violation_days', '{'], /the value of violation_days is no JSON/);
    await refused(system, ['profile', 'show', 'nothing'], /no setting is named "nothing"/);
});

test('a migration that is missing is named, applied once, and refused with an unknown profile', async ({ system }) => {
    const migrate = (...words) =>
        outcome(
            startProgram(system, [program, 'migrate', ...words], {
                MIGRATE_PROGRAM: path.join(root, 'deploy/migrate.sh'),
                AIRI_APP_PASSWORD: new URL(system.appUrl).password,
                AIRI_WORKER_PASSWORD: new URL(system.workerUrl).password,
            }),
        );
    assert.deepEqual(await migrate('status'), { code: 0, text: '', errors: '' });
    const name = 'sql/functions/inbox.sql';
    await system.rows('update applied_files set sha256 = $1 where path = $2', ['another', name]);
    assert.deepEqual(await migrate('status'), { code: 1, text: `${name}\n`, errors: '' });
    const applied = await migrate('apply');
    assert.deepEqual([applied.code, applied.text], [0, `${name}\n`], applied.errors);
    assert.equal((await migrate('status')).code, 0);
    const unknown = await migrate('status', '--profile', 'none');
    assert.equal(unknown.code, 1);
    assert.match(unknown.errors, /no such profile: sql\/profiles\/none\.sql/);
});

test('bad words of users, keys and profile are named', async ({ system, join }) => {
    const { id } = await join();
    const nobody = '00000000-0000-4000-8000-000000000000';
    for (const [words, pattern] of [
        [['users', 'erase', id], /no command is named "users erase"/],
        [['users', 'suspend', id], /--reason is missing/],
        [['users', 'suspend', id, '--reason', 'x', '--until', 'soon'], /"soon" is no time/],
        [['users', 'suspend', id, '--reason', 'x', '--until', '2020-01-01T00:00:00Z'], /until must be in the future/],
        [['users', 'role', id, 'king'], /"king" is no role/],
        [['users', 'role', id], /ROLE is missing/],
        [['users', 'show', 'nobody@example.com'], /no user has the id or the address "nobody@example.com"/],
        [['users', 'show', nobody], /there is no user/],
        [['users', 'show', id, 'more'], /"more" is too much/],
        [['users', 'find', '--name', 'x'], /no option is named "--name" here/],
        [['keys', 'revoke', id, 'some'], /"some" is no key's id, and not "all"/],
    ])
        await refused(system, words, pattern);
    const without = await outcome(startProgram(system, [program, 'users', 'find'], { DATABASE_URL: '' }));
    assert.deepEqual([without.code, without.errors], [2, 'airi-ctl: DATABASE_URL is not set\n']);
});

test('the roles of the gateway and the workers are no operators, whatever they set', async ({ system, join }) => {
    const account = await join();
    await prove(system, account.email);
    for (const url of [system.appUrl, system.workerUrl]) {
        const { code, errors } = await outcome(
            startProgram(system, [program, 'users', 'suspend', account.id, '--reason', 'x'], { DATABASE_URL: url }),
        );
        assert.notEqual(code, 0);
        assert.match(errors, /airi-ctl: /);
    }
    assert.deepEqual(await system.rows('select status from users where id = $1', [account.id]), [{ status: 'active' }]);
});

test('changes of an operator at the broker are in the audit log, without the contents of records', async ({
    system,
}) => {
    const topic = 'avatar.uploaded.v1';
    const words = ['replay', '--topic', topic, '--where', '/user_id=secret', '--into', `${topic}-dlt`];
    assert.equal((await ctl(system, ...words, '--dry-run')).code, 0);
    assert.deepEqual(await entries(system, 'ctl.replay', topic), [], 'a dry run changes nothing');
    assert.equal((await ctl(system, ...words, '--as', 'ada')).code, 0);
    const replayed = await entries(system, 'ctl.replay', topic);
    const common = { into: `${topic}-dlt`, filtered: true, operator: 'ada' };
    assert.deepEqual(
        replayed.map(({ details }) => details),
        [
            { ...common, outcome: 'begun' },
            { ...common, outcome: 'done', records: 0 },
        ],
    );
    await refused(system, ['topics', 'grow', '--topic', topic, '--partitions', '1'], /cannot have fewer/);
    const grown = await entries(system, 'ctl.grow_topic', topic);
    assert.deepEqual(
        grown.map(({ details }) => details.outcome),
        ['begun', 'refused'],
    );
    await refused(system, ['replay', '--topic', 'nothing.v1'], /nothing\.v1|unknown|topic/, 1);
    const failed = await entries(system, 'ctl.replay', 'nothing.v1');
    assert.deepEqual(
        failed.map(({ details }) => details.outcome),
        ['begun', 'failed'],
    );
    const unaudited = await outcome(startProgram(system, [program, ...words], { DATABASE_URL: '' }));
    assert.equal(unaudited.code, 2);
    assert.match(unaudited.errors, /DATABASE_URL is not set: the audit log has what is changed/);
});
