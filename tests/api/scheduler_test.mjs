// The scheduler runs due jobs once and removes only expired data.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Backups } from '../support/js/backups.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withSystem } from '../support/js/scenario.mjs';

const scenario = withSystem({ email: 0 });

scenario(
    'AIRI-43 SAAS-48: two schedulers run every job once, create partitions ahead and remove expired data',
    async ({ system }) => {
        const [user, other] = [await system.user(), await system.user()];
        const rows = (sql, ...values) => system.rows(sql, values);
        const made = async (days) =>
            (
                await rows(
                    `insert into conversations (id, user_id, deleted_at)
                        values (gen_random_uuid(), $1, now() - make_interval(days => $2)) returning id`,
                    user.id,
                    days,
                )
            )[0].id;
        const [old, young] = [await made(31), await made(29)];
        for (const id of [old, young])
            await rows(
                `insert into messages (id, conversation_id, user_id, role, content, status, created_at)
                    values (gen_random_uuid(), $1, $2, 'user', 'x', 'accepted', now())`,
                id,
                user.id,
            );
        await rows("update sessions set ended_at = now() - interval '31 days' where user_id = $1", other.id);
        await rows(
            `insert into inbox (consumer, event_id, handled_at)
                values ('t', gen_random_uuid(), now() - interval '401 days'), ('t', gen_random_uuid(), now())`,
        );
        await rows(
            `update plans set features = features || '{"retention_days": 90}'
                where id = (select plan from users where id = $1)`,
            user.id,
        );
        await rows(
            `insert into messages (id, conversation_id, user_id, role, content, status, created_at)
                values (gen_random_uuid(), gen_random_uuid(), $1, 'user', 'ancient', 'accepted',
                now() - interval '91 days'), (gen_random_uuid(), gen_random_uuid(), $1, 'user', 'recent', 'accepted',
                now() - interval '89 days')`,
            user.id,
        );
        await rows(
            'drop table messages_' +
                (await rows("select to_char(now() + interval '3 months', 'YYYYMM') as month"))[0].month,
        );

        await Promise.all(['scheduler-1', 'scheduler-2'].map((name) => system.start(name)));
        await eventually(
            'every job has run',
            async () => (await rows('select * from jobs where last_run is null')).length === 0,
        );
        assert.deepEqual(await rows("select name, last_done from jobs where last_done like 'failed%'"), []);
        const count = async (sql, ...values) =>
            Number((await rows(`select count(*) as n from ${sql}`, ...values))[0].n);
        assert.equal(
            await count("pg_class where relname = 'messages_' || to_char(now() + interval '3 months', 'YYYYMM')"),
            1,
        );
        assert.equal(await count('conversations where id = $1', old), 0);
        assert.equal(await count('messages where conversation_id = $1', old), 0);
        assert.equal(await count('messages where conversation_id = $1', young), 1, 'it may still be restored');
        assert.equal(await count('sessions where user_id = $1', other.id), 0);
        assert.equal(await count('sessions where user_id = $1', user.id), 1);
        assert.equal(await count("inbox where consumer = 't'"), 1);
        const [ancient] = await rows(`select inbox_has('t', id, at) as known, inbox_add('t', id, at) as fresh
            from (select gen_random_uuid() as id, now() - interval '401 days' as at) event`);
        assert.deepEqual(ancient, { known: true, fresh: false }, 'an event whose row may be gone counts as handled');
        assert.deepEqual(
            (await rows("select content from messages where content in ('ancient', 'recent')")).map(
                (row) => row.content,
            ),
            ['recent'],
        );
        const before = await rows('select name, last_run from jobs order by name');
        assert.equal((await rows('select run_due_job() as is'))[0].is, null, 'no job is due again');
        assert.deepEqual(await rows('select name, last_run from jobs order by name'), before);
        for (const name of ['scheduler-1', 'scheduler-2']) assert.equal(await system.stop(name), 0);
    },
);

scenario('a failing job is reported and does not block the others', async ({ system }) => {
    await system.rows(
        `create function job_broken() returns bigint language sql as $$ select (1 / 0)::bigint $$;
            update jobs set last_run = null; insert into jobs (name, every) values ('broken', '1 day')`,
    );
    await system.start('scheduler-1');
    await eventually(
        'every job has run',
        async () => (await system.rows('select * from jobs where last_run is null')).length === 0,
    );
    const done = Object.fromEntries(
        (await system.rows('select name, last_done from jobs')).map((row) => [row.name, row.last_done]),
    );
    assert.match(done.broken, /^failed: 22012 division by zero/);
    assert.equal(Object.values(done).filter((text) => /^\d+$/.test(text)).length, Object.keys(done).length - 1);
    assert.equal(await system.stop('scheduler-1'), 0);
});

scenario(
    'HOWTO-25: an account is in the ledger before it is erased, and does not come back with a backup',
    async (stage) => {
        const { system } = stage;
        const backups = Backups.of(system);
        const ledger = path.join(backups.dir, 'ledger');
        const [gone, kept] = [await system.user(), await system.user()];
        const made = await backups.run(['run', 'manual']);
        assert.equal(made.code, 0, made.errors);
        await system.rows("update users set status = 'deleted', erase_at = now() where id = $1", [gone.id]);
        await system.rows("update jobs set last_run = case when name <> 'erasures' then now() end");
        const erased = async () =>
            (await system.rows('select erased_at from users where id = $1', [gone.id]))[0].erased_at;
        const erasuresRan = () => system.rows("select from jobs where name = 'erasures' and last_run is not null");

        // Nothing is erased while no entry can be written.
        writeFileSync(ledger, 'no directory');
        const env = { ERASURE_LEDGER_URL: `file://${ledger}` };
        await system.start('scheduler-1', env);
        await eventually('the job has run', async () => (await erasuresRan()).length === 1);
        assert.equal(await erased(), null);
        assert.ok(system.logged('scheduler-1', 'erasure_ledger.failed').length > 0);
        await system.stop('scheduler-1');
        rmSync(ledger);
        mkdirSync(ledger);
        await system.rows("update jobs set last_run = null where name = 'erasures'");
        await system.start('scheduler-1', env);
        await eventually('it is erased', erased);
        await system.stop('scheduler-1');
        const [entry, ...more] = readdirSync(path.join(ledger, 'erased'));
        assert.deepEqual(more, []);
        assert.match(entry, new RegExp(`^\\d{8}T\\d{6}Z-${gone.id}$`));

        const into = path.join(backups.dir, 'restored/data');
        const blind = await backups.run(['restore', '--into', into], { env: { ERASURE_LEDGER_URL: '' } });
        assert.equal(blind.code, 1);
        assert.match(blind.errors, /ERASURE_LEDGER_URL is missing: erased accounts would come back/);
        assert.equal(existsSync(into), false);
        const restore = await backups.run(['restore', '--into', into]);
        assert.equal(restore.code, 0, restore.errors);
        assert.match(restore.errors, /1 accounts of the ledger erased again/);
        const server = await backups.serve(path.dirname(into));
        const rows = await server.rows('select id, email, erased_at from users where id = any($1)', [
            [gone.id, kept.id],
        ]);
        const sessions = await server.rows('select from sessions where user_id = $1', [gone.id]);
        await server.stop();
        const [old, other] = [gone, kept].map(({ id }) => rows.find((row) => row.id === id));
        assert.match(old.email, /@erased\.invalid$/);
        assert.ok(old.erased_at);
        assert.deepEqual(sessions, []);
        assert.deepEqual([other.email, other.erased_at], [kept.email, null]);
    },
);

scenario('EZRI-73: rows of each kind are deleted after the days of their retention setting', async ({ system }) => {
    const user = await system.user();
    const old = 60;
    await system.rows(
        `with at as (select now() - make_interval(days => n) as at from unnest(array[$2::int, 10]) n),
            m as (insert into messages (id, conversation_id, user_id, role, content, status, created_at)
                  select gen_random_uuid(), gen_random_uuid(), $1, 'user', 'kept?', 'accepted', at from at),
            l as (insert into login_history (user_id, outcome, at) select $1, 'success', at from at),
            a as (insert into audit_log (user_id, action, at) select $1, 'kept?', at from at)
         insert into payment_events (provider, id, type, object, outcome, received_at, handled_at)
         select 'stripe', gen_random_uuid(), 'x', 'x', 'applied', at, at from at`,
        [user.id, old],
    );
    const left = async () => {
        const [row] = await system.rows(
            `select (select count(*)::int from messages where content = 'kept?') as message,
                (select count(*)::int from login_history where user_id = $1 and at < now() - interval '1 day') as log,
                (select count(*)::int from audit_log where action = 'kept?') as audit,
                (select count(*)::int from payment_events where type = 'x') as webhook`,
            [user.id],
        );
        return row;
    };
    const run = async () => (await system.rows('select job_retention()::int as n'))[0].n;
    await run();
    const all = { message: 2, log: 2, audit: 2, webhook: 2 };
    assert.deepEqual(await left(), all, 'nothing has a limit below 90 days');
    for (const kind of Object.keys(all)) {
        await system.rows(
            'insert into system_settings (key, value) values ($1, to_jsonb($2::int)) on conflict (key) ' +
                'do update set value = excluded.value',
            [`retention_${kind}_days`, old - 1],
        );
        assert.ok((await run()) > 0, kind);
        all[kind] = 1;
        assert.deepEqual(await left(), all, kind);
    }
    await system.rows("delete from system_settings where key like 'retention_%'");
});

scenario('AIRI-46: dead rows and the age of transactions are measured, and too many are logged', async (stage) => {
    const { system } = stage;
    await system.rows(`select pg_create_physical_replication_slot('behind', true)`);
    await system.rows('create table dead (n int) with (autovacuum_enabled = off)');
    await system.rows('insert into dead select generate_series(1, 20000)');
    await system.rows('delete from dead');
    try {
        await eventually('the server counts them', async () => {
            const rows = await system.rows(
                "select n_dead_tup::int as n from pg_stat_user_tables where relname = 'dead'",
            );
            return rows[0].n === 20_000;
        });
        await system.start('scheduler-1');
        await eventually('a warning', () => system.logged('scheduler-1', 'database.needs_vacuum').length > 0);
        const [warning] = system.logged('scheduler-1', 'database.needs_vacuum');
        assert.deepEqual([warning.of, warning.value, warning.limit], ['dead', 20_000, 10_150]);
        assert.deepEqual(system.logged('scheduler-1', 'database.xid_age'), []);
        const port = system.program('scheduler-1').adminPort;
        const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        const gauge = (name) => Number(metrics.match(new RegExp(`^airi_database_${name}\\S* (\\d+)$`, 'm'))[1]);
        assert.ok(gauge('dead_rows') >= 20_000);
        assert.ok(gauge('oldest_xid_age') > 0 && gauge('oldest_xid_age') < 1_000_000);
        assert.ok(gauge('slot_bytes') > 0);
        await system.stop('scheduler-1');
    } finally {
        await system.rows(`select pg_drop_replication_slot('behind')`);
        await system.rows('drop table dead');
    }
});
