// Backups of a Postgres: made, encrypted, restored to prove them, pruned; a dropped table comes back to the second
// before; and each fault that can spoil a backup.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Backups } from '../support/js/backups.mjs';
import { onFullDisk } from '../support/js/ctl.mjs';
import { afterFile, beforeFile, declareTest as test } from '../support/js/harness.mjs';
import { secretText } from '../support/js/system/system.mjs';
import { eventually } from '../support/js/system/wait.mjs';

let at;
beforeFile(async () => (at = await Backups.start()));
afterFile(() => at.endNow());

const succeeds = async (words, options) => {
    const done = await at.run(words, options);
    assert.equal(done.code, 0, done.text + done.errors);
    return done;
};
const fails = async (words, message, options) => {
    const done = await at.run(words, options);
    assert.equal(done.code, 1, done.text + done.errors);
    assert.match(done.errors, message);
};
const log = async (name) => (await at.rows('select * from backup_log where name = $1', [name]))[0];
const into = (name) => path.join(at.dir, name);
const leftovers = () => readdirSync(at.dir).filter((name) => name.includes('.restoring-'));

test('HOWTO-24 EZRI-72 SAAS-57: a backup is encrypted, logged, and verified by restoring it', async () => {
    const secret = `my diary ${secretText()}`;
    await at.rows('create table diary (text text)');
    await at.rows('insert into diary values ($1)', [secret]);
    await succeeds(['run', 'daily']);
    const [name] = await at.names();
    await succeeds(['verify', name]);
    const row = await log(name);
    assert.equal(row.state, 'done');
    assert.equal(row.kind, 'daily');
    assert.match(row.sha256, /^[0-9a-f]{64}$/);
    assert.ok(row.verified_at > row.ended_at);
    assert.ok(Number(row.size) > 1_000_000);
    for (const file of at.files()) {
        const text = readFileSync(file, 'latin1');
        assert.doesNotMatch(text, /my diary|PG_VERSION|airi_app/, file);
    }
    assert.deepEqual(
        readdirSync(into('state')).filter((one) => /scratch|run-/.test(one)),
        [],
    );
});

test('HOWTO-24 SAAS-57: of each kind the newest stay, as the settings say, and the newest of all', async () => {
    await at.rows(`insert into system_settings (key, value) values ('backup_keep_daily', '1')`);
    await succeeds(['run', 'daily']);
    const before = await at.names();
    await succeeds(['prune']);
    assert.deepEqual(await at.names(), before.slice(-1));
    assert.ok((await log(before[0])).removed_at);
    assert.equal((await log(before.at(-1))).removed_at, null);
    await at.rows('delete from system_settings');
});

test('HOWTO-24: a backup is due by its kind, and a request at once', async () => {
    const due = async () => (await at.rows('select backup_due() as kind'))[0].kind;
    assert.equal(await due(), 'monthly');
    const [{ id }] = await at.rows(`insert into backup_log (id, kind, name, state, started_at, ended_at)
        values (gen_random_uuid(), 'monthly', 'x', 'done', now(), now()) returning id`);
    assert.equal(await due(), null);
    await at.rows(`update backup_log set started_at = started_at - interval '25 hours'`);
    assert.equal(await due(), 'daily');
    await at.rows(`update backup_log set started_at = started_at - interval '6 days'`);
    assert.equal(await due(), 'weekly');
    await at.rows(`insert into backup_log (id, kind, state, ended_at)
        values (gen_random_uuid(), 'daily', 'failed', now())`);
    assert.equal(await due(), null, 'a failed one is not repeated at once');
    await at.rows(`insert into backup_log (id, kind) values (gen_random_uuid(), 'manual')`);
    assert.equal(await due(), 'manual');
    await at.rows(`delete from backup_log where id = $1 or state in ('failed', 'requested')`, [id]);
});

test('HOWTO-25: a table that is dropped under load comes back to the second before', async () => {
    await at.rows('create table precious (id int primary key)');
    const watch = at.start(['watch']);
    let inserted = 0;
    let stop = false;
    const load = (async () => {
        while (!stop) await at.rows('insert into precious values ($1)', [++inserted]);
    })().catch((error) => assert.match(error.message, /does not exist/));
    try {
        await eventually(
            'a verified backup',
            async () => {
                const rows = await at.rows(`select from backup_log where kind = 'monthly' and verified_at is not null`);
                return rows.length === 1;
            },
            { within: 90_000 },
        );
        const [{ to, last }] = await at.rows(
            `select to_json(clock_timestamp()) #>> '{}' as to, (select max(id) from precious) as last`,
        );
        await eventually('more load', () => inserted > last + 100);
        await at.rows('drop table precious');
        await load;
        await at.rows(`select pg_logical_emit_message(true, 'test', '')`);
        const dropped = Date.now();
        await eventually('the log is stored', () => {
            const shipped = path.join(into('state'), 'shipped');
            return existsSync(shipped) && Date.parse(readFileSync(shipped, 'utf8').trim()) > dropped + 1000;
        });
        await succeeds(['restore', '--into', into('restored/data'), '--to', to, '--without-ledger']);
        const restored = await at.serve(into('restored'));
        const [{ first, newest, count }] = await restored.rows(
            'select min(id) as first, max(id) as newest, count(*)::int as count from precious',
        );
        await restored.stop();
        assert.equal(first, 1);
        assert.equal(newest, count, 'none is missing');
        assert.ok(newest >= last && newest <= last + 100, `${newest}, not ${last}`);
    } finally {
        stop = true;
        watch.child.kill('SIGTERM');
        await watch.ended;
    }
});

test('HOWTO-25: a restore overwrites nothing, and rejects a running system and a time out of reach', async () => {
    const to = (time) => ['restore', '--into', into('new'), '--without-ledger', '--to', time];
    await fails(['restore', '--into', into('pg/data')], /a server runs in .*stop it/);
    await fails(['restore', '--into', into('restored/data')], /is not empty: a restore overwrites nothing/);
    await fails(to('soon-ish'), /--to is no time/);
    await fails(to('2100-01-01T00:00:00Z'), /has not come yet/);
    await fails(to('2001-01-01T00:00:00Z'), /no backup ended before 2001/);
    await fails(to(new Date(Date.now()).toISOString()), /the stored log ends before .*last completed transaction/);
    assert.equal(existsSync(into('new')), false);
    assert.deepEqual(leftovers(), []);
});

test('HOWTO-25 EZRI-72: a wrong key, another ENCRYPTION_KEY and a newer schema are rejected first', async () => {
    const restore = ['restore', '--into', into('new'), '--without-ledger'];
    const wrong = { env: { BACKUP_KEY: secretText() } };
    for (const words of [['run'], ['list'], ['verify'], restore])
        await fails(words, /the place was made with another BACKUP_KEY/, wrong);
    await fails(restore, /ENCRYPTION_KEY is another than the backup's/, { env: { ENCRYPTION_KEY: secretText() } });
    await fails(restore, /ENCRYPTION_KEY is missing/, { env: { ENCRYPTION_KEY: '' } });
    await at.rows(`insert into schema_migrations (version) values ('9999_of_the_future')`);
    await succeeds(['run', 'manual']);
    await at.rows(`delete from schema_migrations where version = '9999_of_the_future'`);
    await fails(restore, /a newer schema \(9999_of_the_future\)/);
    assert.equal(existsSync(into('new')), false);
});

test('HOWTO-25: a missing segment of the log and a damaged backup are named, and no files are left', async () => {
    const [name] = (await at.names()).filter((one) => one.endsWith('monthly'));
    const restore = ['restore', '--into', into('new'), '--backup', name, '--without-ledger'];
    const segments = at.files().filter((file) => /wal\/[0-9A-F]{24}$/.test(file));
    const hidden = segments.sort().at(-1);
    renameSync(hidden, into('segment'));
    await fails(restore, /segment [0-9A-F]{16} of the write-ahead log is missing/);
    renameSync(into('segment'), hidden);

    const part = at.files().find((file) => file.endsWith(`${name}/data/000001`));
    const whole = readFileSync(part, 'latin1');
    const middle = whole.length >> 1;
    writeFileSync(
        part,
        whole.slice(0, middle) + (whole[middle] === 'A' ? 'B' : 'A') + whole.slice(middle + 1),
        'latin1',
    );
    await fails(restore, /cannot be restored: .*data: damaged/);
    await fails(['verify', name], /cannot be restored: .*damaged/);
    assert.match((await log(name)).verify_error, /damaged/);
    assert.equal((await log(name)).verified_at, null);
    rmSync(part);
    await fails(restore, /cannot be restored: .*a part of it is missing/);
    writeFileSync(part, whole, 'latin1');
    await succeeds(['verify', name]);
    assert.equal(existsSync(into('new')), false);
    assert.deepEqual(leftovers(), []);
});

test('HOWTO-24: a full disk or an absent storage leaves no partial backup, and the reason is named', async () => {
    const before = await at.names();
    const full = (blocks) => ({ prefix: onFullDisk(blocks) });
    await fails(['run'], /failed: .*(full|no space)/i, full(4096));
    assert.deepEqual(await at.names(), before);
    const failed = (await at.rows(`select * from backup_log where state = 'failed'`))[0];
    assert.match(failed.error, /full|space/);
    const restore = ['restore', '--into', into('new'), '--without-ledger', '--backup', before[0]];
    await fails(restore, /cannot be restored: .*(Wrote only|File too large)/, full(256));
    assert.equal(existsSync(into('new')), false);
    assert.deepEqual(leftovers(), []);

    // The place goes away while the backup runs, after its check.
    const away = into('vault');
    writeFileSync(
        away,
        `#!/bin/bash\nif [[ $1 == put-parts ]]; then mv ${into('place')} ${into('gone')}; : >${into('place')}; fi
            exec ${at.env.VAULT_PROGRAM} "$@"\n`,
    );
    chmodSync(away, 0o755);
    await fails(['run'], /failed: .*(airi-vault|storage)/, { env: { VAULT_PROGRAM: away } });
    rmSync(into('place'));
    renameSync(into('gone'), into('place'));
    assert.deepEqual(await at.names(), before);
});

test('HOWTO-24: a killed backup is not listed, and the next one removes its parts', async () => {
    const before = await at.names();
    const slow = into('slow');
    const reached = into('reached');
    writeFileSync(
        slow,
        `#!/bin/bash\nif [[ $1 == put && $2 == base/*/index ]]; then : >${reached}; exec tail -f /dev/null; fi
            exec ${at.env.VAULT_PROGRAM} "$@"\n`,
    );
    chmodSync(slow, 0o755);
    const killed = at.start(['run'], { env: { VAULT_PROGRAM: slow } });
    await eventually('only its index is missing', () => existsSync(reached));
    process.kill(-killed.child.pid, 'SIGKILL');
    await killed.ended;
    const halves = () => at.files().filter((file) => /base\/[^/]+\/data\/end$/.test(file)).length;
    assert.equal(halves(), before.length + 1);
    assert.deepEqual(await at.names(), before, 'it is not a backup');
    const next = await succeeds(['run']);
    assert.match(next.errors, /had no end and was removed/);
    assert.equal(halves(), before.length + 1);
    const errors = await at.rows(`select error from backup_log where error = 'it was killed'`);
    assert.equal(errors.length, 1);
});
