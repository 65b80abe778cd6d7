// Rates and quotas over two gateways, CORS, security headers and Idempotency-Key: exactly as promised.

import assert from 'node:assert/strict';

import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { withSystem } from '../support/js/scenario.mjs';

const app = 'https://app.example.com';
const scenario = withSystem({
    gatewayEnv: {
        ADDRESS: '0.0.0.0',
        ENABLE_RATE_LIMITING: 'true',
        FRONTEND_URL: app,
        ALLOWED_ORIGINS: 'https://other.example.com/',
    },
});

let last = 256;
const address = () => `127.0.${++last >> 8}.${last & 255}`;

const test = (name, act) =>
    scenario(name, ({ system }) => {
        const ports = ['gateway-1', 'gateway-2'].map((gateway) => system.program(gateway).port);
        const join = async (plan = 'pro') => {
            const login = { email: `${crypto.randomUUID()}@example.com`, password: 'long enough' };
            const json = { ...login, birth_date: '1990-02-28' };
            const { data } = (
                await ask(ports[0], { method: 'POST', path: '/api/v1/auth/signup', json, from: address() })
            ).json;
            await system.rows('update users set plan = $2 where id = $1', [data.user.id, plan]);
            // A session of its own, whose plan no gateway has cached before.
            const { json: again } = await ask(ports[0], {
                method: 'POST',
                path: '/api/v1/auth/login',
                json: login,
                from: address(),
            });
            return { id: data.user.id, token: again.data.access_token };
        };
        return act({ system, ports, join });
    });

const count = (answers, status) => answers.filter((one) => one.status === status).length;

function limited(answer, name, max, seconds) {
    rejected(answer, 429, 'RATE_LIMITED', /again/);
    assert.equal(answer.headers['ratelimit-policy'], `"${name}";q=${max};w=${seconds}`);
    const [, left, reset] = answer.headers.ratelimit.match(/;r=(\d+);t=(\d+)$/);
    assert.equal(left, '0');
    assert.ok(Number(reset) > 0 && Number(reset) <= seconds, answer.headers.ratelimit);
    assert.ok(Number(answer.headers['retry-after']) >= 1 && Number(answer.headers['retry-after']) <= seconds);
}

test('AIRI-36 SAAS-10 SAAS-12: login and signup allow 10 in 15 minutes per address across both gateways', async ({
    ports,
}) => {
    const from = address();
    const json = { email: 'nobody@example.com', password: 'long enough' };
    const attempt = (i, headers = {}) =>
        ask(ports[i % 2], {
            method: 'POST',
            path: `${['/api/v1', '/api', '/v1'][i % 3]}/auth/login`,
            json: { ...json, email: `nobody${i}@example.com` },
            from,
            headers: {
                'X-Forwarded-For': `10.0.0.${i}`,
                Forwarded: `for=10.0.0.${i}`,
                'X-Real-IP': `10.0.0.${i}`,
                ...headers,
            },
        });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => attempt(i)));
    assert.equal(count(answers, 401), 10, 'exactly ten are checked');
    assert.equal(count(answers, 429), 30);
    answers.filter((one) => one.status === 429).forEach((one) => limited(one, 'auth', 10, 900));
    const left = answers
        .filter((one) => one.status === 401)
        .map((one) => Number(one.headers.ratelimit.match(/r=(\d+)/)[1]))
        .sort((a, b) => a - b);
    assert.deepEqual(left, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    limited(
        await ask(ports[1], {
            method: 'POST',
            path: '/api/v1/auth/signup',
            json: { ...json, email: 'x@example.com' },
            from,
        }),
        'auth',
        10,
        900,
    );
    assert.equal(
        (
            await ask(ports[0], {
                method: 'POST',
                path: '/api/v1/auth/login',
                json: { ...json, email: 'y@example.com' },
                from: address(),
            })
        ).status,
        401,
        'another address is unaffected',
    );
    assert.equal((await ask(ports[0], { path: '/api/v1/plans', from })).status, 200, 'another group is unaffected');
});

test('AIRI-36: anonymous requests are limited to 100 in 15 minutes per address, health checks excluded', async ({
    ports,
}) => {
    const from = address();
    const answers = await Promise.all(
        Array.from({ length: 130 }, (_, i) => ask(ports[i % 2], { path: '/api/v1/plans', from })),
    );
    assert.equal(count(answers, 200), 100);
    answers.filter((one) => one.status !== 200).forEach((one) => limited(one, 'anonymous', 100, 900));
    for (const path of ['/healthz', '/readyz', '/']) assert.equal((await ask(ports[0], { path, from })).status, 200);
});

test('AIRI-36 SAAS-10: the chat group is limited exactly across both gateways and all ways of sending', async ({
    system,
    ports,
    join,
}) => {
    await system.rows("update rate_limits set max_requests = 25 where name = 'chat' and plan = 'pro'");
    const account = await join();
    const wires = await Promise.all(ports.map((port) => Wire.open(port, account.token)));
    const content = 'hi [[stub tokens=1]]';
    const ways = [
        (i) =>
            ask(ports[i % 2], {
                method: 'POST',
                path: '/api/v1/chat/messages',
                token: account.token,
                json: { content },
                headers: { Prefer: 'wait=0' },
            }).then((one) => one.status < 300),
        (i) =>
            ask(ports[i % 2], {
                method: 'POST',
                path: '/v1/chat/completions',
                token: account.token,
                json: { model: 'gpt-3.5-turbo', messages: [{ role: 'user', content }] },
            }).then((one) => one.status < 300),
        (i) =>
            wires[i % 2]
                .reply('message_send', { client_message_id: crypto.randomUUID(), content })
                .then((one) => one.type === 'message_accepted'),
    ];
    const taken = await Promise.all(Array.from({ length: 60 }, (_, i) => ways[i % 3](i >> 1)));
    assert.equal(taken.filter(Boolean).length, 25);
    limited(
        await ask(ports[1], {
            method: 'POST',
            path: '/api/v1/chat/messages',
            token: account.token,
            json: { content },
        }),
        'chat',
        25,
        3600,
    );
    const reply = await wires[0].reply('message_send', { client_message_id: crypto.randomUUID(), content });
    assert.deepEqual([reply.data.code, reply.data.retry_after > 0], ['RATE_LIMITED', true]);
    const openai = await ask(ports[0], {
        method: 'POST',
        path: '/v1/chat/completions',
        token: account.token,
        json: { model: 'gpt-3.5-turbo', messages: [{ role: 'user', content }] },
    });
    assert.deepEqual([openai.status, openai.json.error.type], [429, 'rate_limit_error']);
    assert.equal(
        (await ask(ports[0], { path: '/api/v1/conversations', token: account.token })).status,
        200,
        'reading still works',
    );
    wires.forEach((wire) => wire.end());
});

test('SAAS-13 SAAS-59: the free plan has 50 messages a day, each counted once across both gateways', async ({
    system,
    ports,
    join,
}) => {
    const account = await join('free');
    const send = (i, client_message_id = crypto.randomUUID()) =>
        ask(ports[i % 2], {
            method: 'POST',
            path: '/api/v1/chat/messages',
            token: account.token,
            headers: { Prefer: 'wait=0' },
            json: { content: 'hi [[stub tokens=1]]', client_message_id },
        });
    const same = await Promise.all(Array.from({ length: 10 }, (_, i) => send(i, 'the same')));
    assert.ok(same.every((one) => one.status < 300));
    const answers = await Promise.all(Array.from({ length: 70 }, (_, i) => send(i)));
    assert.equal(answers.filter((one) => one.status < 300).length, 49);
    for (const one of answers.filter((each) => each.status >= 300)) rejected(one, 429, 'QUOTA_EXCEEDED', /50 messages/);
    assert.ok((await send(0, 'the same')).status < 300, 'a retry is not counted');
    const [{ n }] = await system.rows('select count(*)::int as n from generations where user_id = $1', [account.id]);
    assert.ok(n <= 50);
});

test('an Idempotency-Key creates one conversation per user and rejects a different body', async ({
    system,
    ports,
    join,
}) => {
    const [account, other] = [await join(), await join()];
    const key = crypto.randomUUID();
    const create = (json, { token = account.token, i = 0, headers = { 'Idempotency-Key': key } } = {}) =>
        ask(ports[i % 2], { method: 'POST', path: '/api/v1/conversations', token, json, headers });
    const answers = await Promise.all(Array.from({ length: 24 }, (_, i) => create({ title: 'one' }, { i })));
    for (const one of answers) assert.equal(one.status, 201, one.text);
    assert.equal(new Set(answers.map((one) => one.json.data.id)).size, 1);
    assert.deepEqual((await create({ title: 'one' })).json.data, answers[0].json.data);
    for (const json of [
        { title: 'two' },
        {},
        { title: 'one', model: 'gpt-4o-mini' },
        { title: 'one', system_prompt: 'x' },
    ])
        rejected(await create(json), 422, 'IDEMPOTENCY_KEY_REUSED', /Idempotency-Key/);
    assert.notEqual((await create({ title: 'two' }, { token: other.token })).json.data.id, answers[0].json.data.id);
    rejected(
        await create({}, { headers: { 'Idempotency-Key': 'x'.repeat(256) } }),
        400,
        'BAD_REQUEST',
        /Idempotency-Key/,
    );
    assert.equal(
        (await system.rows('select count(*)::int as n from conversations where user_id = $1', [account.id]))[0].n,
        1,
    );
    const [one, two] = [await create({}, { headers: {} }), await create({}, { headers: {} })];
    assert.notEqual(one.json.data.id, two.json.data.id, 'without a key each request creates one');
});

test('CORS decides by the allowed list, whatever an origin claims', async ({ ports, join }) => {
    const account = await join();
    const get = (origin, more = {}) =>
        ask(ports[0], {
            path: '/api/v1/auth/session',
            token: account.token,
            headers: { Origin: origin },
            ...more,
        });
    for (const origin of [app, 'https://other.example.com']) {
        for (const answer of [
            await get(origin),
            await get(origin, { token: 'wrong' }),
            await get(origin, { path: '/nowhere' }),
        ]) {
            assert.equal(answer.headers['access-control-allow-origin'], origin);
            assert.equal(answer.headers['access-control-allow-credentials'], 'true');
            assert.match(answer.headers.vary, /Origin/);
        }
        const preflight = await get(origin, {
            method: 'OPTIONS',
            token: undefined,
            headers: {
                Origin: origin,
                'Access-Control-Request-Method': 'POST',
                'Access-Control-Request-Headers': 'authorization,x-stainless-os',
            },
        });
        assert.equal(preflight.status, 204);
        assert.equal(preflight.headers['access-control-allow-origin'], origin);
        assert.match(preflight.headers['access-control-allow-methods'], /POST/);
        assert.equal(preflight.headers['access-control-allow-headers'], 'authorization,x-stainless-os');
    }
    for (const origin of [
        'https://evil.example',
        'null',
        '*',
        `${app}.evil.example`,
        `${app}:444`,
        'http://app.example.com',
        'https://APP.example.com',
        `${app}/`,
        `https://app.example.com@evil.example`,
        `http://127.0.0.1:${ports[0]}`,
    ]) {
        for (const answer of [await get(origin), await get(origin, { method: 'OPTIONS' })])
            for (const name of ['access-control-allow-origin', 'access-control-allow-credentials'])
                assert.equal(answer.headers[name], undefined, origin);
    }
});

test("every response carries the security headers and its request's id", async ({ ports, join }) => {
    const account = await join();
    const asked = [
        { path: '/api/v1/plans' },
        { path: '/api/v1/auth/session' },
        { path: '/api/v1/auth/session', token: account.token },
        { path: '/nowhere/at/all' },
        { method: 'DELETE', path: '/api/v1/plans' },
        { method: 'POST', path: '/api/v1/auth/login', body: '{' },
        { method: 'POST', path: '/api/v1/auth/login', body: 'a'.repeat(9_000) },
        { path: '/%00' },
        { path: '/' },
        { path: '/healthz' },
        { method: 'OPTIONS', path: '/api/v1/plans' },
        { path: '/v1/models' },
        { method: 'HEAD', path: '/api/v1/plans' },
    ];
    for (const one of asked) {
        const { headers, status } = await ask(ports[0], { from: address(), ...one });
        const at = `${one.method ?? 'GET'} ${one.path}: ${status}`;
        assert.equal(headers['x-content-type-options'], 'nosniff', at);
        assert.equal(headers['x-frame-options'], 'DENY', at);
        assert.match(headers['strict-transport-security'], /max-age=\d{7,}/, at);
        assert.match(headers['content-security-policy'], /^default-src 'self'; /, at);
        assert.equal(headers['referrer-policy'], 'no-referrer', at);
        assert.ok(headers['cache-control'], at);
        assert.match(headers['x-request-id'], /^[0-9a-f-]{36}$/, at);
        assert.equal(headers.server, undefined, at);
    }
    const { headers } = await ask(ports[0], { path: '/api/v1/auth/session', token: account.token });
    assert.equal(headers['cache-control'], 'no-store');
});
