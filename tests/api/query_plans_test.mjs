// The plans of the gateway's statements on a filled database: no table that grows with users or messages is scanned
// from one end to the other, with a custom plan or a generic one.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';

import pg from 'pg';

import { afterFile as after, beforeFile as before, declareTest as test } from '../support/js/harness.mjs';
import { statementsOf } from '../support/js/statements.mjs';
import { startSystem } from '../support/js/system/system.mjs';

const queries = new URL('../../sql/queries/', import.meta.url);
const here = 'tests/api/query_plans_test.mjs';

const all = readdirSync(queries).flatMap((file) => statementsOf(readFileSync(new URL(file, queries), 'utf8')));

let system;
let app;
let known;
let big;
const plans = [];

before(async () => {
    system = await startSystem({
        gateways: 0,
        chat: 0,
        moderation: 0,
        usage: 0,
        email: 0,
        outbox: 0,
        providers: ['simulated'],
    });
    await fill();
    [known] = await system.rows(`
        select u.id as user, u.email, c.id as conversation, m.id as message, m.generation_id as generation,
               s.id as session,
               (select id from users o where o.id <> u.id limit 1) as other,
               (select f.id from identity_flows f where f.user_id = u.id) as flow,
               (select a.id from crisis_alerts a where a.user_id = u.id limit 1) as own_alert,
               (select a.id from crisis_alerts a where a.user_id <> u.id limit 1) as alert,
               c.updated_at || '|' || c.id as conversation_cursor, m.created_at || '|' || m.id as message_cursor
        from users u join conversations c on c.user_id = u.id join messages m on m.conversation_id = c.id
        join sessions s on s.user_id = u.id where m.role = 'assistant' order by u.id, c.id, m.created_at limit 1`);
    // So that statements of admins are executed.
    await system.rows("update users set role = 'super' where id = $1", [known.user]);
    // A scan of a month's partition that has no messages yet is harmless.
    big = (
        await system.rows(
            `select relname from pg_class where relnamespace = 'airi'::regnamespace and relkind = 'r'
                and reltuples >= 1000`,
        )
    ).map((row) => row.relname);
    app = new pg.Client({ connectionString: system.adminUrl, options: '-c search_path=airi' });
    app.on(
        'notice',
        ({ message }) => message.includes('plan:') && plans.push(JSON.parse(message.slice(message.indexOf('{'))).Plan),
    );
    await app.connect();
    // Logs the plans of statements inside functions too.
    await app.query(`load 'auto_explain'; set auto_explain.log_min_duration = 0;
        set auto_explain.log_nested_statements = on;
        set auto_explain.log_format = json; set auto_explain.log_level = notice`);
});
after(async () => {
    await app?.end();
    await system?.end();
});

// 1,000 users with 5 conversations of 20 messages each, of the last 60 days; every second message is a reply.
async function fill() {
    await system.rows(`
        insert into users (id, email, plan)
        select gen_random_uuid(), 'user' || n || '@example.com', (select id from plans where is_default)
        from generate_series(1, 1000) n`);
    await system.rows(`
        insert into sessions (id, user_id, expires_at, ended_at)
        select gen_random_uuid(), u.id, now() + interval '7 days', case when n > 3 then now() end
        from users u, generate_series(1, 10) n`);
    await system.rows(`
        insert into refresh_tokens (hash, session_id) select md5(s.id::text || n), s.id
        from sessions s, generate_series(1, 2) n`);
    await system.rows(`
        insert into conversations (id, user_id, title, message_count, updated_at)
        select gen_random_uuid(), u.id, 'About ' || n, 20,
        now() - make_interval(days => 12 * n - 11, mins => (random() * 600)::int)
        from users u, generate_series(1, 5) n`);
    await system.rows(`
        with said as (
            select c.*, n, c.updated_at + make_interval(mins => n) as at, gen_random_uuid() as question,
            gen_random_uuid() as answer,
                   gen_random_uuid() as generation
            from conversations c, generate_series(1, 10) n
        ), asked as (
            insert into messages (id, conversation_id, user_id, role, content, status, client_message_id, created_at)
            select question, id, user_id, 'user',
            'what about word' || (random() * 5000)::int || ' and ' || md5(question::text), 'accepted', 'c' || n, at
            from said
        ), answered as (
            insert into messages (id, conversation_id, user_id, role, content, status, generation_id, created_at)
            select answer, id, user_id, 'assistant',
            'this is word' || (random() * 5000)::int || ' with ' || md5(answer::text), 'completed',
                   generation, at + interval '1 second'
            from said
        ), made as (
            insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, state,
            created_at)
            select generation, id, user_id, question, at, answer, 'completed', at from said
        )
        insert into usage_log (event_id, user_id, resource, quantity, reference, occurred_at)
        select gen_random_uuid(), user_id, 'messages', 1, generation, at from said`);
    await system.rows(`
        insert into usage_daily (user_id, day, resource, requests, quantity, tokens_in, tokens_out)
        select user_id, (occurred_at at time zone 'utc')::date, resource, count(*), sum(quantity), 10, 10
        from usage_log group by 1, 2, 3`);
    await system.rows(`
        insert into message_quota (user_id, day, message_id)
        select user_id, (created_at at time zone 'utc')::date, id from messages where role = 'user'`);
    await system.rows("update messages set words = to_tsvector('simple', content)");
    await system.rows(`
        insert into login_history (user_id, outcome, at)
        select u.id, 'success', now() - make_interval(hours => n) from users u, generate_series(1, 10) n`);
    await system.rows(`
        insert into audit_log (user_id, action, at)
        select u.id, 'test', now() - make_interval(hours => n) from users u, generate_series(1, 10) n`);
    await system.rows(
        `insert into user_identities (user_id, provider, issuer, subject)
            select id, 'google', 'https://x', id::text from users`,
    );
    await system.rows(`
        insert into identity_flows (id, user_id, state_hash, binding_hash, nonce_hash, provider, state, issuer,
        subject, email, email_verified)
        select gen_random_uuid(), id, id::text, 'x', 'x', 'google', 'known', 'https://x', 'new ' || id,
        'new' || email, true from users`);
    await system.rows(`
        insert into crisis_alerts (id, user_id, conversation_id, severity, trigger_type, created_at, keep_until)
        select gen_random_uuid(), user_id, id, 'high', 'suicide', updated_at, now() + interval '1 year'
        from conversations`);
    await system.rows('analyze');
}

// The values that a request might send for a parameter of a type, the likeliest first.
const ofType = {
    uuid: () => [known.user],
    'uuid[]': () => [`{${known.user}}`],
    'bigint[]': () => ['{1}'],
    text: () => ['x', null],
    'character varying': () => ['x', null],
    'text[]': () => ['{x}'],
    jsonb: () => ['{}', '[]'],
    json: () => ['{}', '[]'],
    boolean: () => ['true'],
    ...Object.fromEntries(['smallint', 'numeric', 'double precision'].map((type) => [type, () => ['1']])),
    ...Object.fromEntries(['integer', 'bigint'].map((type) => [type, () => ['20']])),
    date: () => [new Date().toISOString().slice(0, 10)],
    'timestamp with time zone': () => [new Date().toISOString()],
    'timestamp with time zone[]': () => [`{${new Date().toISOString()}}`],
    inet: () => ['127.0.0.1'],
    regconfig: () => ['simple'],
    interval: () => ['1 second'],
    tsquery: () => ["'word17'"],
};

// Values that a type does not give, so that a statement comes as far as a request would: by the parameter's name, and
// of one statement. Only where a function behind the statement rejects the others is a line needed here.
const ofName = () => ({
    session: known.session,
    but: known.session,
    message: known.message,
    message_id: known.message,
    conversation: known.conversation,
    conversation_id: known.conversation,
    generation: known.generation,
    flow: known.flow,
    new_user: randomUUID(),
    email: known.email,
    cursor: known.conversation_cursor,
    q: 'word17',
    language: 'simple',
    kind: 'magic_link',
    outcome: 'success',
    body: '{"name":"x"}',
    consents: '[]',
    step: 'profile',
    address: '127.0.0.1',
    companion_id: null,
    avatar_id: 'avatar-dawn',
    template_id: null,
});
const ofStatement = () => ({
    'activity.list': { cursor: known.message_cursor },
    'admin.activity': { cursor: known.message_cursor },
    'admin.act': { action: 'reinstate', id: known.other },
    'admin.audit': { cursor: null, user_id: null },
    'admin.flag': { body: '{"enabled":true}' },
    'admin.messages': { id: known.conversation, cursor: known.message_cursor },
    'admin.set_all': { body: '{"max_sessions":3}' },
    'admin.set': { body: '{"value":1}' },
    'admin.settings': { category: null },
    'admin.users': { cursor: null, email: null, status: null, plan: null, role: null },
    'auth.signup': {
        id: randomUUID(),
        email: 'new@example.com',
        birth_date: '2000-01-01',
        parent_email: null,
        sealed: JSON.stringify({ key: '00'.repeat(76) }),
        consents: '[{"kind":"terms","version":"1"}]',
    },
    'avatars.create': { width: '1', height: '1', media_type: 'image/png', bytes: 'eA==' },
    'companions.create': { body: '{"name":"x","personality":"y"}' },
    'consents.give': { kind: 'terms' },
    'conversations.details': { cursor: known.message_cursor },
    'disclosures.due': {
        messages: JSON.stringify([
            { user_id: known.user, conversation_id: known.conversation, at: new Date().toISOString() },
        ]),
    },
    'crisis_alerts.create': { severity: 'high', trigger_type: 'other' },
    'crisis_alerts.change': { id: known.alert, body: '{"status":"reviewed"}' },
    'crisis_alerts.false_alarm': { id: known.own_alert },
    'crisis_alerts.get': { id: known.alert },
    'crisis_alerts.list': { status: null, severity: null, user: null },
    'exports.request': { id: randomUUID() },
    'messages.list': { cursor: known.message_cursor },
    'messages.search': { words: "'word17'", cursor: known.message_cursor },
    'notifications.list': { cursor: known.message_cursor },
    'notifications.send': { body: JSON.stringify({ user_id: known.user, title: 'x', message: 'y' }) },
    'notifications.store': { id: randomUUID(), type: 'info' },
    'oauth.conclude': {
        birth_date: null,
        parent_email: null,
        sealed: JSON.stringify({ key: '00'.repeat(76) }),
    },
    'operations.request': { body: '{"kind":"replay","topic":"x"}' },
    'sessions.end': { only: null, why: 'logout' },
    'sessions.open': { session: randomUUID() },
    'users.activity': { cursor: known.message_cursor },
    'two_factor.setup': { secret: 'sealed:two_factor.secret:x' },
    'user_keys.seal': { values: '[]', keys: '[]' },
    'user_keys.create': { key: '00'.repeat(76) },
});

function valuesOf({ name: statement, parameters, batch }, types, attempt) {
    if (batch) {
        const own = types.map((type) => type.replace(/\[\]$/, ''));
        return valuesOf({ name: statement, parameters }, own, attempt).map(
            (value) => `{${value === null ? 'NULL' : JSON.stringify(String(value))}}`,
        );
    }
    const [domain] = statement.split('.');
    const id = { conversations: known.conversation, messages: known.conversation, generations: known.generation }[
        domain
    ];
    const named = { ...ofName(), ...(id && { id }), ...ofStatement()[statement] };
    return parameters.map((name, i) => {
        if (name in named) return named[name];
        const values = ofType[types[i]]?.();
        assert.ok(values, `:${name} has the type ${types[i]}: add a value for it to ofType in ${here}`);
        return values[Math.floor(attempt / (types[i].startsWith('json') ? 1 : 2)) % 2] ?? values.at(-1);
    });
}

function* nodes(plan) {
    yield plan;
    for (const child of plan.Plans ?? []) yield* nodes(child);
}

// The plans of a statement and of those in the functions it calls, as a role, in a transaction that is rolled back.
async function runAs(role, statement, mode, attempt) {
    await app.query('begin');
    try {
        await app.query("select set_config('airi.user_id', $1, true), set_config('plan_cache_mode', $2, true)", [
            known.user,
            `force_${mode}_plan`,
        ]);
        await app.query(`set local role ${role}`);
        await app.query(`prepare probe as ${statement.text}`);
        const {
            rows: [{ types }],
        } = await app.query("select parameter_types::text[] as types from pg_prepared_statements where name = 'probe'");
        const given = valuesOf(statement, types, attempt)
            .map((text) => (text === null ? 'null' : app.escapeLiteral(text)))
            .join(', ');
        plans.length = 0;
        await app.query(`execute probe${given && `(${given})`}`);
        return [...plans];
    } finally {
        await app.query('rollback');
        await app.query('deallocate all');
    }
}

const mayNot = (error) => error.code === '42501';
const isOfData = (error) => /^(22|23)/.test(error.code);

// As the gateway's role, with one set of values after another until one is accepted. Null: only the workers may run the
// statement; they see every user's rows.
async function plansOf(statement, mode) {
    let first;
    try {
        for (const attempt of [0, 1, 2, 3])
            try {
                return await runAs('airi_app', statement, mode, attempt);
            } catch (error) {
                if (!isOfData(error)) throw error;
                first ??= error;
            }
        throw first;
    } catch (error) {
        if (!mayNot(error)) throw error;
        await runAs('airi_worker', statement, mode, 0).catch((again) => {
            if (mayNot(again))
                throw new Error(
                    `neither gateway nor workers may run it (${error.message}; ${again.message}): ` +
                        `grant what it needs in sql/policies/${statement.name.split('.')[0]}.sql`,
                );
        });
        return null;
    }
}

function scansOf(found) {
    return found
        .flatMap((plan) => [...nodes(plan)])
        .filter((node) => node['Node Type'].endsWith('Seq Scan') && big.includes(node['Relation Name']))
        .map((node) => node['Relation Name']);
}

test('the database is filled as intended, and a scan is detected, even inside a function', async () => {
    const [counts] = await system.rows(
        'select (select count(*) from users)::int as users, (select count(*) from messages)::int as messages',
    );
    assert.ok(
        ['users', 'sessions', 'conversations', 'generations', 'usage_log'].every((name) => big.includes(name)),
        String(big),
    );
    assert.deepEqual(counts, { users: 1000, messages: 100_000 });
    assert.ok(all.length > 40 && all.every((one) => one.text));
    const text = "select count(*) from generations where used_model like '%x%'";
    assert.deepEqual(scansOf(await plansOf({ name: 'probe.scan', text, parameters: [] }, 'custom')), ['generations']);
    await app.query(`create function scan_users() returns bigint
        language plpgsql security definer set search_path = airi as
        $$ begin return (select count(*) from users where display_name = 'x'); end $$;
        grant execute on function scan_users to airi_app`);
    assert.deepEqual(
        scansOf(await plansOf({ name: 'probe.nested', text: 'select scan_users()', parameters: [] }, 'generic')),
        ['users'],
    );
});

const ofOperators = ['usage.correct_sums']; // airi-ctl runs it as a role that may act as airi_owner
// An administrator's reports, asked for now and then, count all users.
const counted = ['payments.revenue scans users', 'usage.costs scans usage_daily'];

for (const mode of ['custom', 'generic'])
    test(`no statement of the gateway scans a big table with ${mode} plans`, async () => {
        const wrong = [];
        let ofGateway = 0;
        for (const statement of all.filter(({ name }) => !ofOperators.includes(name))) {
            try {
                const found = await plansOf(statement, mode);
                if (!found) continue;
                ofGateway += 1;
                if (found.length === 0) wrong.push(`${statement.name}: no plan was logged`);
                for (const table of scansOf(found)) wrong.push(`${statement.name} scans ${table}`);
            } catch (error) {
                const way = isOfData(error) ? `: give its parameters values in ofStatement of ${here}` : '';
                wrong.push(`${statement.name}: ${error.message}${way}`);
            }
        }
        assert.ok(ofGateway > 80, `${ofGateway} statements of the gateway`);
        assert.deepEqual(
            wrong.filter((one) => !counted.includes(one)),
            [],
        );
    });
