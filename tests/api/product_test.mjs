// Product requirements that no test of a single part covers: the way of a user from signup to the usage meter.

import assert from 'node:assert/strict';

import { checkLogs, quiet } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { publishedByTest } from '../support/js/frames.mjs';
import { ask, claimsOf, rejected, Wire } from '../support/js/raw.mjs';
import { withSystem } from '../support/js/scenario.mjs';

const scenario = withSystem();
const password = 'correct horse battery staple';

const test = (name, act) =>
    scenario(name, async ({ system }) => {
        const { port } = system.program('gateway-1');
        const call = (token) => (method, path, json, headers) =>
            ask(port, { method, path: `/api/v1${path}`, token, json, headers });
        await act({ system, port, call });
    });

// Sends one message with `script` for the stub provider and returns the reply.
const sendMessage = (api, id, script = 'tokens=3', more = {}) =>
    api('POST', `/conversations/${id}/messages`, { content: `hello [[stub ${script}]]`, ...more });

// A frame as any worker publishes it to a channel.
function publish(system, channel, frame) {
    const words = ['PUBLISH', channel, `-\n${JSON.stringify(frame)}`];
    return system.redis(`*3\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}`).join('\r\n')}`);
}

test('AIRI-01 SAAS-01 SAAS-03: signup creates account, profile, key, mail and tokens at once or not at all', async ({
    system,
    call,
}) => {
    const anonymous = call();
    const email = `${crypto.randomUUID()}@example.com`;
    const { status, json, text } = await anonymous('POST', '/auth/signup', {
        email,
        password,
        birth_date: '1990-02-28',
        display_name: 'Ada',
        metadata: { source: 'friend' },
    });
    assert.equal(status, 201, text);
    const { user, access_token, refresh_token, token_type, expires_in } = json.data;
    assert.deepEqual(
        [token_type, expires_in, user.email, user.role, user.plan, user.display_name],
        ['bearer', 3600, email, 'user', 'free', 'Ada'],
    );
    assert.ok(refresh_token.length >= 43);
    const claims = claimsOf(access_token);
    assert.deepEqual(Object.keys(claims).sort(), ['aud', 'email', 'exp', 'iat', 'iss', 'role', 'sid', 'sub']);
    assert.deepEqual([claims.sub, claims.email, claims.role, claims.exp - claims.iat], [user.id, email, 'user', 3600]);
    const header = JSON.parse(Buffer.from(access_token.split('.')[0], 'base64url'));
    assert.deepEqual([header.alg, header.typ, typeof header.kid], ['HS256', 'at+jwt', 'string']);
    const [row] = await system.rows('select password_hash, metadata from users where id = $1', [user.id]);
    assert.match(row.password_hash, /^\$argon2id\$/);
    assert.deepEqual(row.metadata, { source: 'friend' });
    const [{ days }] = await system.rows(
        'select extract(epoch from expires_at - created_at) / 86400 as days from sessions where user_id = $1',
        [user.id],
    );
    assert.equal(Number(days), 7);
    assert.equal((await system.rows('select 1 from user_keys where user_id = $1', [user.id])).length, 1);
    assert.equal((await call(access_token)('GET', '/users/profile')).json.data.display_name, 'Ada');
    const [letter] = await eventually('a letter', async () => {
        const all = system.mail(email);
        return all.length > 0 && all;
    });
    assert.match(JSON.stringify(letter), /Ada/);

    const login = await anonymous('POST', '/auth/login', { email, password });
    assert.deepEqual([login.status, login.json.data.user.id], [200, user.id]);
    assert.notEqual(claimsOf(login.json.data.access_token).sid, claims.sid);

    // A signup whose key cannot be stored has no effect.
    await system.rows("alter table user_keys add constraint nobody_new check (created_at < '2000-01-01') not valid");
    const second = `${crypto.randomUUID()}@example.com`;
    assert.ok(
        (await anonymous('POST', '/auth/signup', { email: second, password, birth_date: '1990-02-28' })).status >= 400,
    );
    await system.rows('alter table user_keys drop constraint nobody_new');
    assert.deepEqual(await system.rows('select 1 from users where email = $1', [second]), []);
    assert.equal(
        (await anonymous('POST', '/auth/signup', { email: second, password, birth_date: '1990-02-28' })).status,
        201,
        'AIRI-46: and can be done again',
    );
});

test('AIRI-22 AIRI-24 AIRI-21: a message is processed, and its cost, duration and moderation are recorded', async ({
    system,
    call,
}) => {
    const user = await system.user('free');
    const api = call(user.token);
    const { id } = (await api('POST', '/conversations', {})).json.data;
    const { status, json } = await sendMessage(api, id, 'tokens=6 first=30');
    assert.equal(status, 201);
    const reply = json.data;
    for (const name of ['tokens_in', 'tokens_out', 'cost_nanousd', 'latency_ms'])
        assert.ok(reply.metadata[name] > 0, `${name} of ${JSON.stringify(reply.metadata)}`);
    assert.deepEqual(
        [reply.metadata.provider, reply.metadata.model, reply.status],
        ['openai', 'gpt-3.5-turbo', 'completed'],
    );
    const flagged = await api('POST', `/conversations/${id}/messages`, { content: 'kill yourself' });
    rejected(flagged, 422, 'MESSAGE_REJECTED');
    const decided = await system.rows(
        'select action, categories, reason from moderation_decisions where user_id = $1',
        [user.id],
    );
    assert.equal(decided.length, 1);
    assert.equal(decided[0].action, 'block');
    for (let i = 0; i < 4; ++i) await sendMessage(api, id, 'tokens=2');
    const whole = (await api('GET', `/conversations/${id}/messages?limit=100`)).json.data;
    assert.deepEqual(whole.map((one) => one.status).filter((one) => one === 'rejected').length, 1);
    const paged = [];
    for (let cursor = null, pages = 0; pages < 10; ++pages) {
        const { data, meta } = (
            await api(
                'GET',
                `/conversations/${id}/messages?limit=3${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
            )
        ).json;
        assert.ok(data.length <= 3);
        paged.unshift(...data);
        cursor = meta.next_cursor;
        if (!cursor) break;
    }
    assert.deepEqual(
        paged.map((one) => one.id),
        whole.map((one) => one.id),
        'each once, in order',
    );
    const call_of = await system.rows(
        'select provider, tokens_in, tokens_out, cost_nanousd from provider_calls where generation_id = $1',
        [reply.generation_id],
    );
    assert.equal(call_of.length, 1);
});

test('SAAS-25: a message that moderation rejects reaches no provider, and none is stored before moderation', async ({
    system,
    call,
}) => {
    const user = await system.user();
    const api = call(user.token);
    const { id } = (await api('POST', '/conversations', {})).json.data;
    system.pause('moderation-1');
    const mark = `canary${crypto.randomUUID().replaceAll('-', '')}`;
    const sent = await api(
        'POST',
        `/conversations/${id}/messages`,
        { content: `${mark} kill yourself` },
        { Prefer: 'wait=0' },
    );
    assert.equal(sent.status, 202);
    assert.deepEqual(await system.rows('select 1 from messages where conversation_id = $1', [id]), []);
    system.resume('moderation-1');
    const [stored] = await eventually('it is stored', async () => {
        const rows = await system.rows('select status from messages where conversation_id = $1', [id]);
        return rows.length > 0 && rows;
    });
    assert.equal(stored.status, 'rejected');
    await quiet(system);
    assert.deepEqual(await system.stubRequests(mark), []);
    checkLogs(system);
});

test("AIRI-39 SAAS-20 SAAS-27: the usage meter counts, notifies at once and shows the plan's limits", async ({
    system,
    port,
    call,
}) => {
    const user = await system.user('free');
    const api = call(user.token);
    const plan = (await api('GET', '/subscription/current')).json.data;
    assert.deepEqual(
        [plan.plan, plan.name, plan.status, plan.price_cents, plan.currency, plan.billing_period],
        ['free', 'Free', 'free', 0, 'usd', 'month'],
    );
    assert.deepEqual(
        [plan.limits.messages_per_day, plan.limits.voice_seconds_per_day, plan.limits.companions_per_stock],
        [50, 300, 5],
    );
    const wires = [await Wire.open(port, user.token), await Wire.open(port, user.token)];
    const { id } = (await api('POST', '/conversations', {})).json.data;
    for (let i = 1; i <= 3; ++i) {
        await sendMessage(api, id);
        for (const wire of wires) {
            const { data } = await wire.receive(
                'usage_updated',
                (frame) => frame.type === 'usage_updated' && frame.data.current_usage === i,
            );
            assert.deepEqual(data, { user_id: user.id, resource_type: 'messages', current_usage: i, limit: 50 });
        }
    }
    const summary = (await api('GET', '/usage/summary')).json.data;
    const messages = summary.resources.find((one) => one.resource === 'messages');
    assert.deepEqual([summary.plan, messages.used, messages.limit], ['free', 3, 50]);
    const midnight = new Date(messages.resets_at);
    assert.ok(
        midnight > new Date() && midnight.getTime() % 86_400_000 === 0 && midnight - new Date() <= 86_400_000,
        messages.resets_at,
    );
    await system.rows("update users set plan = 'plus' where id = $1", [user.id]);
    const paid = (await api('GET', '/subscription/current')).json.data;
    assert.deepEqual(
        [paid.plan, paid.status, paid.price_cents, paid.limits.messages_per_day],
        ['plus', 'active', 1499, 500],
    );
    const stranger = await system.user();
    assert.ok(!JSON.stringify((await call(stranger.token)('GET', '/usage/summary')).json).includes('"used":3'));
    rejected(await call()('GET', '/subscription/current'), 401);
    wires.forEach((wire) => wire.end());
});

test('SAAS-11: the plans allow 1,000, 5,000 and 50,000 requests an hour', async ({ system }) => {
    await system.start('gateway-3', { ENABLE_RATE_LIMITING: 'true' });
    const { port } = system.program('gateway-3');
    for (const [plan, most] of [
        ['free', 1000],
        ['plus', 5000],
        ['pro', 50_000],
    ]) {
        const { token } = await system.user(plan);
        const policy = async () => (await ask(port, { path: '/api/v1/conversations', token })).headers;
        assert.equal((await policy())['ratelimit-policy'], `"api";q=${most};w=3600`);
        assert.match((await policy()).ratelimit, new RegExp(`;r=${most - 2};`));
    }
    await system.stop('gateway-3');
});

test('SAAS-28: a gaming_status_changed published to a user reaches all of their sockets and nobody else', async ({
    system,
    port,
}) => {
    const [ann, bob] = await system.users(2);
    const wires = [
        await Wire.open(port, ann.token),
        await Wire.open(port, ann.token),
        await Wire.open(port, bob.token),
    ];
    for (const wire of wires) await wire.reply('ping', {});
    const data = {
        session_id: crypto.randomUUID(),
        status: 'active',
        server_details: { address: 'play.example.com', port: 25_565 },
    };
    publishedByTest('gaming_status_changed');
    await publish(system, `user:${ann.id}`, { type: 'gaming_status_changed', data });
    for (const wire of wires.slice(0, 2))
        assert.deepEqual(
            (await wire.receive('the change', (frame) => frame.type === 'gaming_status_changed')).data,
            data,
        );
    await wires[2].reply('ping', {});
    assert.ok(!wires[2].frames.some((frame) => frame.type === 'gaming_status_changed'));
    assert.equal((await wires[2].reply('subscribe', { channel: `user:${ann.id}` })).type, 'error');
    wires.forEach((wire) => wire.end());
});

test("SAAS-23 SAAS-24: a chat works over the WebSocket, and the conversation's other sockets see typing", async ({
    system,
    port,
    call,
}) => {
    const user = await system.user();
    const { id } = (await call(user.token)('POST', '/conversations', {})).json.data;
    const [one, other] = [await Wire.open(port, user.token), await Wire.open(port, user.token)];
    assert.equal((await other.reply('subscribe', { channel: `conversation:${id}` })).type, 'subscribed');
    one.send('typing_start', { conversation_id: id });
    assert.deepEqual((await other.receive('typing', (frame) => frame.type === 'typing_start')).data, {
        conversation_id: id,
        user_id: user.id,
    });
    one.send('typing_stop', { conversation_id: id });
    await other.receive('no more typing', (frame) => frame.type === 'typing_stop');
    const accepted = await one.reply('message_send', {
        conversation_id: id,
        client_message_id: 'c-1',
        content: 'hi [[stub tokens=30 rate=60]]',
    });
    assert.equal(accepted.type, 'message_accepted');
    const mine = (frame) => frame.data?.generation_id === accepted.data.generation_id;
    const end = await one.receive('the end', (frame) => frame.type === 'message_complete' && mine(frame));
    const frames = one.frames.filter((frame) => mine(frame) && frame.type !== 'message_accepted');
    assert.deepEqual([frames[0].type, frames.at(-1).type], ['message_start', 'message_complete']);
    // The last of the text may arrive with the final frame only.
    const shown = frames
        .filter((frame) => frame.type === 'message_delta')
        .map((frame) => frame.data.content)
        .join('');
    assert.ok(shown && end.data.message.content.startsWith(shown), shown);
    assert.equal((await one.reply('no_such_thing', {})).type, 'error');
    for (const wire of [one, other]) wire.end();
});

test('AIRI-45: everyone reads the public settings, nobody the private ones', async ({ system, call }) => {
    const shown = (await call()('GET', '/settings')).json.data;
    const all = await system.rows('select key, value, category, is_public from system_settings');
    assert.ok(all.some((one) => !one.is_public) && all.every((one) => one.category));
    const { features, ...settings } = shown;
    assert.deepEqual(
        settings,
        Object.fromEntries(all.filter((one) => one.is_public).map((one) => [one.key, one.value])),
    );
    assert.equal(features.websockets, true);
});

test('AIRI-46: a deleted conversation is retained out of sight and restored complete', async ({ system, call }) => {
    const user = await system.user();
    const api = call(user.token);
    const { id } = (await api('POST', '/conversations', { title: 'kept' })).json.data;
    await sendMessage(api, id);
    assert.equal((await api('DELETE', `/conversations/${id}`)).status, 200);
    rejected(await api('GET', `/conversations/${id}`), 404);
    const [row] = await system.rows('select deleted_at from conversations where id = $1', [id]);
    assert.ok(row.deleted_at);
    assert.equal((await system.rows('select 1 from messages where conversation_id = $1', [id])).length, 2);
    assert.equal((await api('POST', `/conversations/${id}/restore`, {})).status, 200);
    assert.equal((await api('GET', `/conversations/${id}/messages`)).json.data.length, 2);
});

test('AIRI-54 SAAS-49: health names each dependency that does not work, with 503, and the version and uptime', async ({
    system,
    port,
    call,
}) => {
    const health = async () => (await call()('GET', '/health')).json.data;
    const before = await eventually('a provider is reported', async () => {
        const got = await health();
        return got.providers.length > 0 && got;
    });
    assert.deepEqual(
        [before.status, before.service, before.checks, before.failures],
        ['healthy', 'airi', { db: true, redis: true, kafka: true, llm: true }, []],
    );
    assert.equal(before.providers[0].provider, 'openai');
    for (const name of ['state', 'success_rate', 'latency_ms']) assert.ok(name in before.providers[0], name);
    assert.ok(Math.abs(Date.parse(before.timestamp) - Date.now()) < 60_000);
    assert.ok(before.uptime > 0 && before.uptime < 3_600, String(before.uptime));
    assert.equal(before.version, 'unknown');
    // As a probe asks: without the envelope.
    const probed = await ask(port, { path: '/health' });
    assert.deepEqual([probed.status, probed.json.status, probed.json.service], [200, 'healthy', 'airi']);
    const failing = (service, act = () => {}) =>
        eventually(`${service} fails`, async () => {
            await act();
            const got = await call()('GET', '/health');
            const { status, checks, failures } = got.json.data ?? {};
            return checks?.[service] === false && { http: got.status, status, failures };
        });
    const degraded = (service, error) => ({ http: 503, status: 'degraded', failures: [{ service, error }] });
    const all = "update provider_health set state = 'open', updated_at = now()"; // until the worker reports again
    assert.deepEqual(await failing('llm', () => system.rows(all)), degraded('llm', 'no provider works'));
    await eventually('a provider works', async () => (await health()).status === 'healthy');
    for (const [server, service, error] of [
        ['redis', 'redis', 'Redis cannot be reached'],
        ['postgres', 'db', 'Postgres cannot be reached'],
    ]) {
        await system.stop(server);
        assert.deepEqual(await failing(service), degraded(service, error));
        await system.start(server);
        await eventually('it is back', async () => (await health())?.status === 'healthy');
    }
    await system.start('gateway-3', { VERCEL_GIT_COMMIT_SHA: '0123456789abcdef' });
    const versioned = await ask(system.program('gateway-3').port, { path: '/health' });
    assert.equal(versioned.json.version, '0123456');
    await system.stop('gateway-3');
});
