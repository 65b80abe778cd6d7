// Row-level security: the gateway's role sees and changes the caller's rows only, and cannot bypass this.

import assert from 'node:assert/strict';

import pg from 'pg';

import { ask } from '../support/js/raw.mjs';
import { withSystem } from '../support/js/scenario.mjs';
import { catalogue, tablesOfUsers, twoUsers } from '../support/js/two_users.mjs';

// One connection for all callers, so that each finds the state the previous one left.
const scenario = withSystem({ profile: 'ezri', gatewayEnv: { DATABASE_CONNECTIONS: '1' } });

async function connected(url, act) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
        return await act(client);
    } finally {
        await client.end();
    }
}

// As airi_app with every right on every table, so that only the policies decide; the transaction is rolled back.
async function withEveryRight(system, act) {
    await connected(system.adminUrl, async (client) => {
        await client.query(
            `begin; set local search_path = airi; grant select, insert, update, delete on all tables in
             schema airi to airi_app`,
        );
        await client.query('set local role airi_app');
        const setCaller = (id) => client.query("select set_config('airi.user_id', $1, true)", [id ?? '']);
        const attempt = async (sql, values) => {
            await client.query('savepoint here');
            try {
                return await client.query(sql, values);
            } catch (error) {
                await client.query('rollback to savepoint here');
                return error;
            }
        };
        await act({ client, be: setCaller, attempt });
        await client.query('rollback');
    });
}

const denied = (outcome, what) =>
    assert.equal(outcome.code, '42501', `${what}: ${outcome.message ?? JSON.stringify(outcome.rows)}`);

scenario(
    'EZRI-09: every table has forced row-level security with policies for its roles, or belongs to the catalogue',
    async ({ system }) => {
        const tables = await system.rows(
            `select relname as name, relkind, relispartition, relrowsecurity, relforcerowsecurity, reloptions,
             relowner::regrole::text as owner
             from pg_class where relnamespace = 'airi'::regnamespace
             and relkind in ('r', 'p', 'v', 'm', 'f')`,
        );
        assert.ok(tables.length > 20);
        for (const one of tables) {
            assert.ok(['r', 'p', 'v'].includes(one.relkind), `${one.name} is a table or a view`);
            assert.equal(one.owner, 'airi_owner', one.name);
            if (one.relkind === 'v') {
                assert.deepEqual(one.reloptions, ['security_invoker=true'], one.name);
                continue;
            }
            if (catalogue.includes(one.name)) continue;
            assert.ok(one.relrowsecurity && one.relforcerowsecurity, `${one.name} has row-level security, forced`);
            const policies = await system.rows(
                `select policyname, roles::text[] as roles, cmd, qual, with_check from pg_policies
                 where schemaname = 'airi' and tablename = $1`,
                [one.name],
            );
            const ofApp = policies.filter((policy) =>
                policy.roles.some((role) => role !== 'airi_owner' && role !== 'airi_worker'),
            );
            if (one.relispartition) {
                assert.deepEqual(policies, [], `${one.name} is a partition`);
                continue;
            }
            assert.ok(ofApp.length > 0, `${one.name} has a policy for airi_app`);
            for (const policy of ofApp) {
                assert.deepEqual(policy.roles, ['airi_app']);
                const gallery =
                    ['app_reads_gallery', 'app_reads_shared'].includes(policy.policyname) && policy.cmd === 'SELECT';
                assert.match(policy.qual, gallery ? /owner IS NULL/ : /caller\(\)|^false$/);
                if (!gallery) assert.equal(policy.with_check, policy.qual);
            }
        }
        for (const name of catalogue) {
            const columns = await system.rows(
                `select column_name from information_schema.columns where table_schema = 'airi'
                 and table_name = $1`,
                [name],
            );
            assert.ok(columns.length > 0, `${name} exists`);
            assert.ok(
                !columns.some((column) => ['user_id', 'owner', 'email'].includes(column.column_name)),
                `${name} has no rows of users`,
            );
        }
    },
);

scenario('the database roles of gateway and workers have no privileges and own nothing', async ({ system }) => {
    for (const role of ['airi_app', 'airi_worker', 'airi_owner']) {
        const [row] = await system.rows(
            `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin
             from pg_roles where rolname = $1`,
            [role],
        );
        assert.deepEqual(row, {
            rolsuper: false,
            rolbypassrls: false,
            rolcreaterole: false,
            rolcreatedb: false,
            rolreplication: false,
            rolcanlogin: role !== 'airi_owner',
        });
        if (role === 'airi_owner') continue;
        assert.deepEqual(
            await system.rows('select roleid::regrole::text from pg_auth_members where member = $1::regrole', [role]),
            [],
            `${role} is a member of no role`,
        );
        assert.deepEqual(
            await system.rows(
                `select relname from pg_class where relowner = $1::regrole union all select proname
                 from pg_proc where proowner = $1::regrole union all select nspname from pg_namespace
                 where nspowner = $1::regrole`,
                [role],
            ),
            [],
        );
    }
    const definers = await system.rows(
        `select proname, proconfig, proowner::regrole::text as owner from pg_proc
         where pronamespace = 'airi'::regnamespace and prosecdef`,
    );
    for (const one of definers) {
        assert.equal(one.owner, 'airi_owner');
        assert.ok(one.proconfig?.includes('search_path=airi, pg_temp'), one.proname);
    }
    const open = await system.rows(
        `select proname from pg_proc p where pronamespace = 'airi'::regnamespace
         and has_function_privilege('public', p.oid, 'execute')`,
    );
    assert.deepEqual(
        open.map((one) => one.proname),
        [],
        "no function is everybody's",
    );
});

scenario(
    "AIRI-44 EZRI-09: with A's id no row of B in any table is read, changed, deleted or made, and none without an id",
    async ({ system }) => {
        const [a, b] = await twoUsers(system);
        const tables = await tablesOfUsers(system);
        const rowsOf = {};
        for (const [table, own] of tables)
            [rowsOf[table]] = await system.rows(`select to_jsonb(t) as row from ${table} t where ${own} limit 1`, [
                b.id,
            ]);
        // Tables that only functions of airi_owner read, whoever the caller is; tables with rows of nobody, for all.
        const policies = await system.rows("select tablename as name, qual from pg_policies where schemaname = 'airi'");
        const withQual = (qual) => policies.filter((one) => one.qual === qual).map((one) => one.name);
        const [secret, shared] = [withQual('false'), withQual('(owner IS NULL)')];
        assert.ok(secret.length >= 5 && shared.length >= 2);
        const generated = new Set(
            (
                await system.rows(
                    `select attrelid::regclass || '.' || attname as name from pg_attribute where attgenerated <> ''`,
                )
            ).map((one) => one.name),
        );
        await withEveryRight(system, async ({ client, be: setCaller, attempt }) => {
            for (const [table, own] of tables) {
                const hidden = secret.includes(table);
                await setCaller(a.id);
                const seen = (await client.query(`select ${own} as mine from ${table}`, [a.id])).rows;
                if (hidden) assert.deepEqual(seen, [], table);
                else
                    assert.ok(
                        seen.some(({ mine }) => mine) &&
                            seen.every(({ mine }) => mine || (mine === null && shared.includes(table))),
                        `${table}: ${JSON.stringify(seen)}`,
                    );
                const [column] = Object.keys(rowsOf[table].row);
                for (const sql of [`update ${table} set ${column} = ${column}`, `delete from ${table}`]) {
                    const mine = seen.filter((row) => row.mine).length;
                    await client.query('savepoint before');
                    const outcome = await attempt(sql);
                    // Generated columns and referenced keys reject changes by themselves.
                    if (!(outcome instanceof Error))
                        assert.ok(outcome.rowCount <= mine, `${sql}: ${outcome.rowCount} of ${mine}`);
                    await client.query('rollback to savepoint before');
                }
                // The policy rejects the row before a key or a constraint can.
                const columns = Object.keys(rowsOf[table].row).filter((name) => !generated.has(`${table}.${name}`));
                const insert = `insert into ${table} (${columns.join()}) select ${columns.join()}
                    from jsonb_populate_record(null::${table}, $1)`;
                denied(await attempt(insert, [rowsOf[table].row]), `insert into ${table} for B`);
                // A's own row reassigned to B, where a column names the owner.
                const owner = /^(\w+) = \$1$/.exec(own)?.[1];
                if (!hidden && owner && table !== 'users')
                    denied(
                        await attempt(`update ${table} set ${owner} = $1 where ${owner} = $2`, [b.id, a.id]),
                        `give ${table} away`,
                    );
                for (const noUser of [null, '00000000-0000-0000-0000-000000000000', crypto.randomUUID()]) {
                    await setCaller(noUser);
                    const all = (
                        await client.query(
                            `select * from ${table} t ${shared.includes(table) ? 'where owner is not null' : ''}`,
                        )
                    ).rowCount;
                    assert.equal(all, 0, `${table} without a caller`);
                    denied(await attempt(insert, [rowsOf[table].row]), `insert into ${table} without a caller`);
                }
                await setCaller("' or true --");
                const outcome = await attempt(`select * from ${table}`);
                if (!hidden) assert.equal(outcome.code, '22P02', `${table} with a malformed id`);
            }
        });
        for (const [table, own] of tables)
            assert.ok((await system.rows(`select 1 from ${table} where ${own}`, [b.id])).length > 0, `B has ${table}`);
    },
);

scenario('a view shows the caller nothing of another user, and nothing without a caller', async ({ system }) => {
    const [a, b] = await twoUsers(system);
    const views = await system.rows(
        `select relname as name from pg_class where relnamespace = 'airi'::regnamespace and relkind = 'v'
         and relname not in ('active_users_summary', 'feature_usage')`,
    );
    assert.ok(views.length >= 9);
    await withEveryRight(system, async ({ client, be: setCaller }) => {
        for (const { name } of views) {
            await setCaller(a.id);
            const { rows } = await client.query(`select to_jsonb(v)::text as row from ${name} v`);
            assert.ok(rows.length > 0, `${name} has rows of A`);
            for (const { row } of rows)
                for (const foreign of [b.id, b.mark, b.email]) assert.ok(!row.includes(foreign), `${name}: ${row}`);
            await setCaller(null);
            assert.equal((await client.query(`select from ${name}`)).rowCount, 0, `${name} without a caller`);
        }
        await setCaller(null);
        assert.equal((await client.query('select from feature_usage')).rowCount, 0);
    });
});

scenario('a pooled connection of airi_app retains nothing of the previous caller', async ({ system }) => {
    const [a, b] = await twoUsers(system);
    await connected(system.appUrl, async (client) => {
        const seen = async (id, end = 'commit') => {
            await client.query('begin');
            if (id) await client.query("select set_config('airi.user_id', $1, true)", [id]);
            const { rows } = await client.query(
                `select distinct user_id from conversations union select distinct user_id
                 from messages union select distinct user_id from generations union select id
                 from users`,
            );
            await client.query(end);
            return rows.map((row) => row.user_id);
        };
        for (const end of ['commit', 'rollback']) {
            assert.deepEqual(await seen(a.id, end), [a.id]);
            assert.deepEqual(await seen(null, end), []);
            assert.deepEqual(await seen(b.id, end), [b.id]);
        }
        await client.query('begin');
        await client.query("select set_config('airi.user_id', $1, true)", [a.id]);
        await assert.rejects(client.query('select 1/0'));
        await client.query('rollback');
        assert.deepEqual(await seen(null), []);
        assert.deepEqual((await client.query('select id from users')).rows, [], 'outside of a transaction too');
    });
});

scenario('airi_app cannot bypass the policies or write outside its own tables', async ({ system }) => {
    const [a] = await twoUsers(system);
    await connected(system.appUrl, async (client) => {
        await client.query("select set_config('airi.user_id', $1, false)", [a.id]);
        const refusal = async (sql) => denied(await client.query(sql).catch((error) => error), sql);
        for (const table of catalogue) {
            const [{ column_name: column }] = await system.rows(
                `select column_name from information_schema.columns where table_schema = 'airi'
                 and table_name = $1 limit 1`,
                [table],
            );
            for (const sql of [
                `insert into ${table} default values`,
                `update ${table} set ${column} = ${column}`,
                `delete from ${table}`,
                `truncate ${table}`,
            ])
                await refusal(sql);
        }
        for (const sql of [
            "update users set role = 'admin'",
            "update users set plan = 'pro'",
            "update users set status = 'active'",
            "update users set email = 'x@example.com'",
            'delete from users',
            "insert into users (id, email, plan) values (gen_random_uuid(), 'x@example.com', 'pro')",
            "update sessions set expires_at = now() + interval '1 year'",
            'insert into sessions (id, user_id, expires_at) values (gen_random_uuid(), caller(), now())',
            'select * from refresh_tokens',
            'select * from identity_flows',
            "update user_identities set subject = 'x'",
            'select identity_claim(gen_random_uuid())',
            "select identity_save(gen_random_uuid(), 'known', 'x', 'x', 'x', true, 'x')",
            'delete from provider_calls',
            'delete from messages',
            "update messages set content = ''",
            'insert into generations (id) values (gen_random_uuid())',
            "update generations set state = 'queued'",
            'update usage_daily set quantity = 0',
            'delete from usage_log',
            'select * from inbox',
            'delete from conversations',
            'update conversations set user_id = gen_random_uuid()',
            'delete from cancellations',
            'truncate users cascade',
            'select * from messages_default',
            'set role airi_owner',
            'set role airi_worker',
            'set session authorization postgres',
            'alter table users disable row level security',
            'alter table users no force row level security',
            'create policy p on users for all to airi_app using (true)',
            'drop policy app_own on users',
            'alter role airi_app bypassrls',
            'alter role airi_app superuser',
            'grant airi_owner to airi_app',
            'create table airi.mine (id int)',
            'create table public.mine (id int)',
            'create temp table mine (id int)',
            'create function airi.mine() returns int language sql as $$ select 1 $$',
            'create schema mine',
            "copy users to '/tmp/users'",
            "copy users to program 'cat'",
            "select pg_read_file('/etc/passwd')",
            'create extension dblink',
            "select lo_import('/etc/passwd')",
            'select * from pg_authid',
            'select generation_reclaim(null, null, 0)',
            "select usage_record('[]')",
            "select isolate('users', 'true')",
            "select create_monthly_partition('2030-01-01')",
        ])
            await refusal(sql);
        await client.query('set row_security = off');
        denied(await client.query('select * from users').catch((error) => error), 'row_security = off');
    });
    await connected(system.workerUrl, async (client) => {
        for (const sql of [
            'select password_hash from users',
            'select email from users',
            'select * from identity_flows',
            'select * from user_identities',
            "select identity_conclude(gen_random_uuid(), 'x', gen_random_uuid(), null, '', '', '{}', '[]', null, '')",
            'select * from two_factor',
            'select two_factor_seed(gen_random_uuid())',
            'select * from refresh_tokens',
            'select * from sessions',
            "update users set role = 'admin'",
            'update plans set price_cents = 0',
            'delete from messages',
            'alter table users disable row level security',
            'set role airi_app',
            'create temp table mine (id int)',
        ])
            denied(await client.query(sql).catch((error) => error), sql);
    });
});

scenario('two concurrent users of one Postgres connection each see only their own rows', async ({ system }) => {
    const [a, b] = await twoUsers(system);
    const paths = [
        '/conversations',
        (one) => `/conversations/${one.ids.conversation}/messages`,
        '/auth/session',
        '/companions',
        '/usage/summary',
    ];
    const asked = Array.from({ length: 400 }, (_, i) => [i % 2 ? a : b, i % 2 ? b : a, paths[(i >> 1) % paths.length]]);
    await Promise.all(
        asked.map(async ([one, other, path]) => {
            const answer = await ask(one.port, {
                path: `/api/v1${typeof path === 'string' ? path : path(one)}`,
                token: one.token,
            });
            assert.equal(answer.status, 200, answer.text);
            for (const foreign of [other.mark, ...Object.values(other.ids)])
                assert.ok(!answer.text.includes(foreign), `${path} shows ${foreign}`);
        }),
    );
});
