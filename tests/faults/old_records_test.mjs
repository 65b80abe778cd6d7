// Records of every topic that are 60 days old are replayed: whatever the retention jobs have deleted meanwhile, nothing
// changes, and nobody gets a mail, a message or a call again.

import assert from 'node:assert/strict';

import { ctl, send } from '../support/js/ctl.mjs';
import { monthly } from '../support/js/billing.mjs';
import { say, startTalk } from '../support/js/crisis.mjs';
import { ScriptedProvider } from '../support/js/identity_providers.mjs';
import { ask } from '../support/js/raw.mjs';
import { print, withOwnSystem } from '../support/js/scenario.mjs';
import { appoint } from '../support/js/staff.mjs';
import { StripeStandIn } from '../support/js/stripe/stand_in.mjs';
import { readTopic, withAdmin } from '../support/js/system/checker.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { workers } from '../support/js/system/workers.mjs';
import { TwilioStandIn } from '../support/js/twilio.mjs';

const days = 60;
const [twilio, google, stripe] = await Promise.all([
    TwilioStandIn.start(),
    ScriptedProvider.start(),
    StripeStandIn.start({ prices: monthly('basic', 999) }),
]);
const redirect = 'http://airi.example/';
const test = withOwnSystem({
    profile: 'ezri',
    gateways: 1,
    partitions: 2,
    ...Object.fromEntries(workers.map(({ name }) => [name, 1])),
    gatewayEnv: {
        OAUTH_REDIRECT_URL: redirect,
        STRIPE_WEBHOOK_SECRET: stripe.secret,
        FRONTEND_URL: 'https://app.example.com',
    },
    oauthEnv: { GOOGLE_CLIENT_ID: 'airi', GOOGLE_CLIENT_SECRET: 'of google', GOOGLE_ISSUER: google.issuer },
    crisisEnv: twilio.env,
    paymentsEnv: stripe.workerEnv,
});

// --- a record of each topic

async function joined({ system }, plan = 'pro') {
    const user = await system.user(plan);
    const { port } = system.program('gateway-1');
    const api = (method, path, json) => ask(port, { method, path: `/v1${path}`, token: user.token, json });
    return { ...user, api };
}

async function chat(stage, user) {
    const client = await stage.client({}, user);
    const [sent] = await client.sendAll(orders(1, { script: 'tokens=2' }));
    await eventually('it is answered', () => sent.ended);
    return sent.ids.conversation_id;
}

// A contact is told of a crisis.
async function fallIntoCrisis({ system }, user) {
    await system.rows(`insert into system_settings (key, value) values ('crisis_contact_delay_seconds', '0')
                       on conflict (key) do update set value = excluded.value`);
    const phone = '+14155550142';
    const added = await user.api('POST', '/crisis/contacts', { name: 'Grace', phone });
    assert.equal(added.status, 201, added.text);
    const [, token] = (await eventually('an invitation', () => twilio.textsTo(phone)[0])).split('#');
    const confirmed = await user.api('POST', '/crisis/contacts/confirm', { token, accept: true });
    assert.equal(confirmed.json.data.status, 'accepted');
    await say(user, await startTalk(user));
    await eventually('the contact is told', () => twilio.textsTo(phone).length === 2);
}

async function exportData({ system }, user) {
    const asked = await user.api('POST', '/users/export', {});
    assert.equal(asked.status < 300, true, asked.text);
    const ready = async () =>
        (await system.rows("select from exports where user_id = $1 and state = 'ready'", [user.id])).length > 0;
    await eventually('the export is ready', ready);
    await eventually('a mail', () => system.mail(user.email).some(({ subject }) => /export|data/i.test(subject)));
}

// The smallest picture that every decoder takes.
const picture = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
);

async function upload({ system }, user) {
    await system.rows(`
        insert into plan_limits (plan, resource, period, amount) values ('pro', 'custom_avatars', 'stock', 9)
        on conflict (plan, resource, period) do update set amount = 9`);
    const made = await ask(system.program('gateway-1').port, {
        method: 'POST',
        path: '/api/v1/avatars',
        token: user.token,
        body: picture,
        headers: { 'Content-Type': 'image/png' },
    });
    assert.equal(made.status, 201, made.text);
    const ended = "select from avatars where user_id = $1 and state <> 'processing'";
    await eventually('the picture is made', async () => (await system.rows(ended, [user.id])).length > 0);
}

async function signInWithGoogle({ system }) {
    await system.rows(`update system_settings set value = '"optional"' where key = 'age_gate'`);
    const { port } = system.program('gateway-1');
    const post = (path, json) => ask(port, { method: 'POST', path: `/api/v1/auth/oauth${path}`, json });
    const started = await eventually('Google is offered', async () => {
        const answer = await post('/google/start', {});
        return answer.status === 200 && answer.json.data;
    });
    const email = `${crypto.randomUUID()}@example.com`;
    const code = google.issueCode(started.authorization_url, { email, email_verified: true });
    const { state, binding } = started;
    const back = await post('/callback', { state, binding, code, iss: google.issuer });
    assert.equal(back.status, 200, back.text);
}

async function subscribe({ system }, user) {
    stripe.deliverTo(`${system.url()}/v1/billing/webhook`);
    const created = await user.api('POST', '/billing/subscription', { plan: 'basic' });
    assert.equal(created.status, 201, created.text);
    stripe.pay(created.json.data.client_secret.split('_secret_')[0], { card: 'ok' });
    const plan = async () => (await system.rows('select plan from users where id = $1', [user.id]))[0].plan;
    await eventually('the plan is there', async () => (await plan()) === 'basic');
}

async function replayByApi({ system }, user) {
    const { port } = system.program('gateway-1');
    await appoint(system, user, 'super', [port]);
    const call = (method, route, json) =>
        ask(port, { method, path: `/api/v1/admin/operations${route}`, token: user.token, json });
    const asked = await call('POST', '', { kind: 'replay', topic: 'moderation.decided.v1' });
    assert.equal(asked.status, 202, asked.text);
    const state = async () => (await call('GET', `/${asked.json.data.id}`)).json.data.state;
    await eventually('the operation is done', async () => (await state()) === 'done');
}

async function breakRules(stage, user) {
    const client = await stage.client({}, user);
    await client.sendAll([{ client_message_id: crypto.randomUUID(), content: 'heil hitler', mark: 'heil hitler' }]);
    const warned = async () => (await user.api('GET', '/notifications')).json.data;
    await eventually('a warning', async () => (await warned()).some(({ kind }) => kind === 'violation_warning'));
}

// A session of a game that no server runs.
async function play({ system }, user) {
    await system.rows("update plan_limits set amount = 3600 where resource = 'gaming_seconds'");
    const begun = await user.api('POST', '/gaming/minecraft', {});
    assert.equal(begun.status, 201, begun.text);
    assert.equal((await user.api('POST', `/gaming/sessions/${begun.json.data.id}/end`, {})).status, 200);
}

async function makeEverything(stage) {
    const { system } = stage;
    const [user, payer, leaver] = [await joined(stage), await joined(stage, 'free'), await joined(stage)];
    await chat(stage, user);
    await fallIntoCrisis(stage, user);
    await exportData(stage, user);
    await upload(stage, user);
    await signInWithGoogle(stage);
    await subscribe(stage, payer);
    await play(stage, await joined(stage));
    await replayByApi(stage, await joined(stage));
    await breakRules(stage, await joined(stage));
    // Deleted meanwhile: a notice at once, a conversation and an account for good after a month.
    const seen = await eventually('notices', async () => {
        const { data } = (await user.api('GET', '/notifications')).json;
        return data.length > 1 && data;
    });
    assert.equal((await user.api('DELETE', `/notifications/${seen[0].id}`)).status, 200);
    const deleted = await chat(stage, user);
    assert.equal((await user.api('DELETE', `/conversations/${deleted}`)).status, 200);
    await chat(stage, leaver);
    const left = await leaver.api('DELETE', '/users/me', { password: leaver.password });
    assert.ok(left.status < 300, left.text);
    await quiet(system);
    return { leaver: leaver.id, deleted };
}

// --- the passing of time

const sinceThen = `make_interval(days => ${days})`;

// Every time in every table becomes older, and the scheduler runs all of its jobs.
async function age(system) {
    const columns = await system.rows(`
        select c.oid::regclass::text as table,
               string_agg(format('%1$I = %1$I - ${sinceThen}', a.attname), ', ') as changes
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'airi'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
          and a.atttypid in ('timestamptz'::regtype, 'date'::regtype)
        group by c.oid`);
    assert.ok(columns.length > 50, `${columns.length} tables have times`);
    const all = columns.map(({ table, changes }) => `update ${table} set ${changes};`).join('\n');
    await system.rows(`set session_replication_role = replica; ${all} set session_replication_role = origin`);
    const due = "select name, last_done from jobs where last_run < now() - interval '1 day'";
    await eventually('every job has run', async () => (await system.rows(due)).length === 0, { within: 60_000 });
    const failed = await system.rows("select name, last_done from jobs where last_done like 'failed%'");
    assert.deepEqual(failed, []);
}

const instants = /\d{4}-\d\d-\d\d(?=T\d\d:\d\d:\d\d)/g;
const aged = (text) =>
    text.replace(instants, (day) => new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10));

// --- what must not change

// These have the times of workers that run by themselves.
const clocks = ['jobs', 'identity_providers', 'provider_health', 'outbox_leases'];

async function stateOf(system) {
    const tables = await system.rows(
        `
        select relname as name from pg_class
        where relnamespace = 'airi'::regnamespace and relkind in ('r', 'p') and not relispartition
          and relname <> all ($1) order by 1`,
        [clocks],
    );
    const out = {};
    for (const { name } of tables) {
        // The entries of airi-ctl, which replays here, are its own.
        const but = name === 'audit_log' ? "where action not like 'ctl.%'" : '';
        const [{ rows, digest }] = await system.rows(
            `select count(*)::int as rows, md5(string_agg(t::text, '|' order by t::text)) as digest
             from "${name}" t ${but}`,
        );
        out[name] = `${rows} rows, ${digest}`;
    }
    out['mails'] = system.mail().length;
    out['calls of models'] = (await system.stubRequests()).length;
    out['text messages'] = twilio.requests.length;
    out['tokens of Google'] = google.requests.filter(({ path }) => path === '/token').length;
    out['writes at Stripe'] = stripe.requests.filter(({ method }) => method !== 'GET').length;
    return out;
}

// Waits until every group has read every topic to its end and the outbox is empty.
async function quiet(system) {
    const groups = workers.filter(({ group }) => group).map(({ group }) => group);
    await withAdmin(system, async (admin) => {
        let before = '';
        const isQuiet = async () => {
            const [{ n }] = await system.rows('select count(*)::int as n from outbox where refused is null');
            let waiting = n;
            const ends = new Map();
            for (const groupId of groups)
                for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
                    if (!ends.has(topic)) ends.set(topic, await admin.fetchTopicOffsets(topic));
                    for (const { partition, high } of ends.get(topic)) {
                        const at = partitions.find((one) => one.partition === partition);
                        waiting += Number(high) - Math.max(Number(at?.offset ?? 0), 0);
                    }
                }
            const now = JSON.stringify([...ends]);
            const same = waiting === 0 && now === before;
            before = now;
            return same;
        };
        await eventually('everything is handled', isQuiet, { within: 60_000, every: 200 });
    });
}

const topicsOf = async (system) =>
    (await withAdmin(system, (admin) => admin.listTopics())).filter((name) => !/^__|-retry$|-dlt$/.test(name)).sort();

test('a replay of 60 days old records of every topic changes nothing', async (stage) => {
    const { system } = stage;
    const { leaver, deleted } = await makeEverything(stage);
    const records = new Map();
    for (const topic of await topicsOf(system)) {
        records.set(topic, await readTopic(system, topic));
        assert.ok(records.get(topic).length > 0, `makeEverything() makes no record of ${topic}`);
    }
    await age(system);
    const count = async (sql, id) => (await system.rows(`select from ${sql}`, [id])).length;
    assert.equal(await count('conversations where id = $1', deleted), 0, 'it is deleted for good');
    assert.equal(await count('users where id = $1 and erased_at is not null', leaver), 1, 'the account is erased');
    await quiet(system);
    const before = await stateOf(system);

    let replayed = 0;
    for (const [topic, all] of records) {
        const old = all.map(({ key, value, headers }) => ({
            key,
            value: aged(value.toString()),
            headers: { ...headers, ce_time: aged(headers.ce_time) },
        }));
        await send(system, `${topic}-dlt`, old);
        const sent = await ctl(system, 'replay', '--topic', `${topic}-dlt`);
        assert.equal(sent.code, 0, sent.errors);
        replayed += all.length;
    }
    await quiet(system);
    const after = await stateOf(system);
    const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
    assert.deepEqual(
        changed.map((name) => `${name}: ${before[name]} -> ${after[name]}`),
        [],
    );
    print(`${replayed} records of ${records.size} topics`);
});
