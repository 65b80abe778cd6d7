// Rights and quotas by plan, in the profile whose plans differ in everything; the order of a request's checks; features
// that an installation disables.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { address, prove, withAccounts } from '../support/js/accounts.mjs';
import { binaries } from '../support/js/system/system.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const scenario = withAccounts({ profile: 'airi', providers: ['openai', 'anthropic'] });
const portsOf = (system) => ['gateway-1', 'gateway-2'].map((name) => system.program(name).port);

// A user with that plan that no gateway has cached.
async function join(system, plan, role = 'user') {
    const [port] = portsOf(system);
    const json = { email: `${crypto.randomUUID()}@example.com`, password: 'long enough' };
    const post = (what) => ask(port, { method: 'POST', path: `/api/v1/auth/${what}`, json, from: address() });
    const { data } = (await post('signup')).json;
    await system.rows('update users set plan = $2 where id = $1', [data.user.id, plan]);
    await prove(system, json.email);
    const account = { id: data.user.id, token: (await post('login')).json.data.access_token };
    if (role !== 'user') await appoint(system, account, role);
    return account;
}

const complete = (port, account, model) =>
    ask(port, {
        method: 'POST',
        path: '/v1/chat/completions',
        token: account.token,
        json: { model, messages: [{ role: 'user', content: 'hi [[stub tokens=1]]' }] },
    });

scenario("AIRI-09: each level has its own rights and none of the next level's", async ({ system }) => {
    const [port] = portsOf(system);
    const [free, pro, enterprise, admin] = await Promise.all([
        join(system, 'free'),
        join(system, 'pro'),
        join(system, 'enterprise'),
        join(system, 'free', 'admin'),
    ]);
    for (const path of ['/api/v1/conversations', '/v1/models', '/api/v1/users/profile'])
        rejected(await ask(port, { path, from: address() }), 401, 'UNAUTHENTICATED');
    assert.equal((await ask(port, { path: '/api/health', from: address() })).status, 200);

    const models = async (account) =>
        (await ask(port, { path: '/v1/models', token: account.token })).json.data.map((one) => one.id);
    // AIRI-29: the other models of the plan have providers that no worker has.
    await eventually(
        'the gateway offers what the workers can serve',
        async () => isDeepStrictEqual(await models(free), ['gpt-3.5-turbo']),
        // Few requests: a free account has 100 a minute.
        { every: 600, within: 30_000, describe: async () => (await models(free)).join() },
    );
    for (const [account, may, may_not] of [
        [free, ['gpt-3.5-turbo'], ['gpt-4', 'claude-3-sonnet', 'claude-3-opus']],
        [pro, ['gpt-3.5-turbo', 'gpt-4', 'claude-3-sonnet'], ['claude-3-opus']],
        [enterprise, ['gpt-3.5-turbo', 'gpt-4', 'claude-3-opus'], []],
    ]) {
        const offered = await models(account);
        for (const model of may) assert.ok(offered.includes(model), model);
        for (const model of may_not) {
            assert.ok(!offered.includes(model), model);
            assert.equal((await complete(port, account, model)).status, 404);
            const sent = await ask(port, {
                method: 'POST',
                path: '/api/v1/chat/messages',
                token: account.token,
                json: { content: 'hi', model },
            });
            rejected(sent, 422, 'VALIDATION_FAILED', /model/);
        }
    }
    const key = (account) =>
        ask(port, {
            method: 'POST',
            path: '/api/v1/api-keys',
            token: account.token,
            json: { name: 'k', scopes: ['read'] },
        });
    for (const account of [free, pro]) rejected(await key(account), 402, 'PLAN_LIMIT');
    assert.equal((await key(enterprise)).status, 201);

    const [user, operator] = [await Wire.open(port, enterprise.token), await Wire.open(port, admin.token)];
    for (const channel of ['admin', 'crisis', `user:${free.id}`]) {
        assert.equal((await user.reply('subscribe', { channel })).type, 'error', channel);
        assert.equal(
            (await operator.reply('subscribe', { channel })).type,
            channel.startsWith('user:') ? 'error' : 'subscribed',
            channel,
        );
    }
    // A plan or role in a token is ignored: both are looked up.
    await system.rows("update users set plan = 'free' where id = $1", [pro.id]);
    const again = await join(system, 'pro');
    await system.rows("update users set plan = 'free' where id = $1", [again.id]);
    assert.equal(
        (await ask(port, { path: '/api/v1/subscription/current', token: again.token })).json.data.plan,
        'free',
    );
    for (const wire of [user, operator]) wire.end();
});

scenario("AIRI-29: a prompt and its reply stay within the plan's 2,000, 8,000 or 32,000 tokens", async ({ system }) => {
    const [port] = portsOf(system);
    for (const [plan, most, model] of [
        ['free', 2_000, 'gpt-4.1-mini'],
        ['pro', 8_000, 'gpt-4.1'],
        ['enterprise', 32_000, 'gpt-4.1'],
    ]) {
        const { id: user, token } = await join(system, plan);
        const api = (path, json) => ask(port, { method: 'POST', path: `/api/v1${path}`, token, json });
        const { id } = (await api('/conversations', {})).json.data;
        // Sixty turns, together half as many words again as the plan has tokens.
        await system.rows(
            `insert into messages (id, conversation_id, user_id, role, content, status, created_at)
                    select gen_random_uuid(), $1, $2, (array['user', 'assistant'])[1 + n % 2]::message_role,
                        repeat('word ', $3), (array['accepted', 'completed'])[1 + n % 2]::message_status,
                        now() - make_interval(mins => n)
                    from generate_series(1, 60) n`,
            [id, user, most / 40],
        );
        const mark = `m${crypto.randomUUID().slice(0, 8)}`;
        const sent = await api(`/conversations/${id}/messages`, { content: `${mark} [[stub tokens=1]]` });
        assert.equal(sent.status, 201, sent.text);
        const [asked] = await system.stubRequests(mark);
        assert.equal(asked.model, model, plan);
        const tokens = asked.prompt_tokens + asked.max_tokens;
        assert.ok(tokens <= most, `${plan}: ${tokens} of ${most}`);
        assert.ok(asked.prompt_tokens > (most - asked.max_tokens) / 2, `${plan} uses its ${most}`);
    }
    const free = await join(system, 'free');
    const content = `m${crypto.randomUUID().slice(0, 8)} ${'word '.repeat(2_000)}`;
    const json = { content };
    const long = await ask(port, { method: 'POST', path: '/api/v1/chat/messages', token: free.token, json });
    rejected(long, 422, 'MESSAGE_TOO_LONG');
    assert.deepEqual(await system.stubRequests(content.slice(0, 9)), []);
});

scenario(
    'AIRI-35: free has 20 messages and 20 conversations a day, pro has 200, and the next day resets them',
    async ({ system }) => {
        const ports = portsOf(system);
        const free = await join(system, 'free');
        const open = (i, account = free, headers = {}) =>
            ask(ports[i % 2], {
                method: 'POST',
                path: '/api/v1/conversations',
                token: account.token,
                json: {},
                headers,
            });
        const same = await open(0, free, { 'Idempotency-Key': 'one' });
        const made = await Promise.all(Array.from({ length: 30 }, (_, i) => open(i)));
        const opened = made.filter((one) => one.status === 201);
        assert.equal(opened.length, 19, 'exact across both gateways');
        const over = made.find((one) => one.status !== 201);
        rejected(over, 429, 'QUOTA_EXCEEDED', /20 conversations/);
        assert.ok(Number(over.headers['retry-after']) > 0 && Number(over.headers['retry-after']) <= 86_400);
        assert.equal(
            (await open(1, free, { 'Idempotency-Key': 'one' })).json.data.id,
            same.json.data.id,
            'an existing conversation is not a new one',
        );
        const { id } = opened[0].json.data;
        assert.equal(
            (await ask(ports[0], { method: 'DELETE', path: `/api/v1/conversations/${id}`, token: free.token })).status,
            200,
        );
        rejected(await open(0), 429, 'QUOTA_EXCEEDED');
        const sendMessage = (i, conversation_id) =>
            ask(ports[i % 2], {
                method: 'POST',
                path: '/api/v1/chat/messages',
                token: free.token,
                headers: { Prefer: 'wait=0' },
                json: { content: 'hi [[stub tokens=1]]', conversation_id },
            });
        rejected(await sendMessage(0), 429, 'QUOTA_EXCEEDED', /conversations/);
        const sent = await Promise.all(Array.from({ length: 25 }, (_, i) => sendMessage(i, opened[1].json.data.id)));
        assert.equal(sent.filter((one) => one.status < 300).length, 20);
        for (const one of sent.filter((each) => each.status >= 300))
            rejected(one, 429, 'QUOTA_EXCEEDED', /20 messages/);

        // Yesterday's are not counted.
        await system.rows("update conversations set created_at = created_at - interval '1 day' where user_id = $1", [
            free.id,
        ]);
        await system.rows('update message_quota set day = day - 1 where user_id = $1', [free.id]);
        await system.redis('FLUSHALL');
        assert.equal((await open(0)).status, 201);
        assert.ok((await sendMessage(0, opened[1].json.data.id)).status < 300);

        const pro = await join(system, 'pro');
        assert.deepEqual(
            (await ask(ports[0], { path: '/api/v1/subscription/current', token: pro.token })).json.data.limits
                .messages_per_day,
            200,
        );
        await Promise.all(Array.from({ length: 30 }, async (_, i) => assert.equal((await open(i, pro)).status, 201)));
    },
);

scenario(
    'AIRI-11: a request passes CORS, headers, rate limit, authentication and validation before it is executed',
    async ({ system }) => {
        const [port] = portsOf(system);
        const account = await join(system, 'free');
        const origin = 'http://localhost:5173';
        const wrong = {
            method: 'POST',
            path: '/api/v1/conversations',
            json: { nonsense: 1 },
            headers: { Origin: origin },
        };
        const layered = (answer) => {
            assert.equal(answer.headers['access-control-allow-origin'], origin);
            assert.equal(answer.headers['x-content-type-options'], 'nosniff');
            assert.equal(answer.headers['x-frame-options'], 'DENY');
            assert.ok(answer.headers['x-request-id']);
            return answer;
        };
        const before = (await system.rows('select count(*)::int as n from conversations'))[0].n;
        rejected(layered(await ask(port, { ...wrong, from: address() })), 401, 'UNAUTHENTICATED');
        rejected(layered(await ask(port, { ...wrong, token: account.token })), 422, 'VALIDATION_FAILED');
        // Rate-limited before authentication and validation.
        // In a window that begins with the first request, not with the clock's minute.
        await system.rows(
            "update rate_limits set max_requests = 3, strategy = 'sliding_window' where name = 'api' and scope = 'ip'",
        );
        await system.stop('gateway-2');
        await system.start('gateway-2');
        const [, fresh] = portsOf(system);
        const from = address();
        for (let i = 0; i < 3; ++i) rejected(layered(await ask(fresh, { ...wrong, token: 'x.y.z', from })), 401);
        rejected(layered(await ask(fresh, { ...wrong, token: 'x.y.z', from })), 429, 'RATE_LIMITED');
        assert.equal(
            (await ask(fresh, { ...wrong, token: account.token, from })).status,
            422,
            'an authenticated user has a limit of their own',
        );
        const login = { ...wrong, path: '/api/v1/auth/login' };
        for (let i = 0; i < 10; ++i) rejected(layered(await ask(port, { ...login, from })), 422, 'VALIDATION_FAILED');
        rejected(layered(await ask(port, { ...login, from })), 429, 'RATE_LIMITED');
        for (let left = 100; left > 0; --left)
            if ((await ask(port, { path: '/api/v1/conversations', token: account.token })).status === 429) break;
        rejected(layered(await ask(port, { ...wrong, token: account.token })), 429, 'RATE_LIMITED');
        assert.equal(
            (await system.rows('select count(*)::int as n from conversations'))[0].n,
            before,
            'and nothing was executed',
        );
        await system.rows(
            `update rate_limits set max_requests = 2000, strategy = 'fixed_window'
             where name = 'api' and scope = 'ip'`,
        );
        await eventually('each gateway has the limit back', async () => {
            const other = address();
            const tries = [];
            for (let i = 0; i < 16; ++i)
                tries.push((await ask(portsOf(system)[i % 2], { ...wrong, from: other })).status);
            return tries.every((status) => status === 401);
        });
    },
);

scenario(
    'AIRI-36 SAAS-11: a user has exactly 100 requests a minute unless rate limiting is disabled',
    async ({ system }) => {
        const ports = portsOf(system);
        const account = await join(system, 'pro');
        const get = (i) => ask(ports[i % 2], { path: '/api/v1/conversations', token: account.token });
        const answers = await Promise.all(Array.from({ length: 130 }, (_, i) => get(i)));
        assert.equal(answers.filter((one) => one.status === 200).length, 100);
        const over = answers.find((one) => one.status === 429);
        rejected(over, 429, 'RATE_LIMITED');
        assert.equal(over.headers['ratelimit-policy'], '"api";q=100;w=60');
        const enterprise = await join(system, 'enterprise');
        assert.equal(
            (await ask(ports[0], { path: '/api/v1/conversations', token: enterprise.token })).headers[
                'ratelimit-policy'
            ],
            '"api";q=1000;w=60',
            'by plan',
        );
        await system.start('gateway-3', { ENABLE_RATE_LIMITING: 'false' });
        const { port } = system.program('gateway-3');
        const free = await Promise.all(
            Array.from({ length: 130 }, () => ask(port, { path: '/api/v1/conversations', token: account.token })),
        );
        assert.ok(free.every((one) => one.status === 200 && !one.headers.ratelimit));
        await system.stop('gateway-3');
        await system.start('gateway-5', { RATE_LIMIT_MAX_REQUESTS: '7', RATE_LIMIT_WINDOW_MS: '30000' });
        const policy = async (one) =>
            (await ask(system.program('gateway-5').port, { path: '/api/v1/conversations', token: one.token })).headers[
                'ratelimit-policy'
            ];
        assert.equal(await policy(await join(system, 'pro')), '"api";q=7;w=30', 'as the environment says');
        assert.equal(await policy(enterprise), '"api";q=1000;w=60', "the plan's own rate");
        await system.stop('gateway-5');
    },
);

scenario(
    'AIRI-56: a disabled feature is off, and a wrong or missing setting prevents the start',
    async ({ system }) => {
        const account = await join(system, 'enterprise');
        await system.start('gateway-4', { ENABLE_WEBSOCKETS: 'false' });
        const { port } = system.program('gateway-4');
        rejected(await Wire.rejection(port, account.token), 403, 'FEATURE_DISABLED');
        assert.equal((await complete(port, account, 'gpt-3.5-turbo')).status, 200, 'HTTP still works');
        await system.stop('gateway-4');

        const start = (program, env, ...words) =>
            spawnSync(path.join(binaries, program), words, {
                env,
                cwd: system.dir,
                timeout: 20_000,
                encoding: 'utf8',
            });
        const secret = 'a secret that no message may contain';
        const nothing = start('airi-gateway', { AIRI_ENV: 'production' });
        assert.equal(nothing.status, 2);
        for (const name of ['DATABASE_URL', 'JWT_SECRET', 'ENCRYPTION_KEY', 'EVIDENCE_KEY', 'LINK_KEY', 'FRONTEND_URL'])
            assert.match(nothing.stderr, new RegExp(`${name} `));
        const wrong = start('airi-gateway', {
            DATABASE_URL: secret,
            JWT_SECRET: 'short',
            ENCRYPTION_KEY: secret,
            ENCRYPTION_KEY_PREVIOUS: secret,
            PORT: 'http',
            ENABLE_WEBSOCKETS: 'maybe',
            AIRI_ORIGIN: 'x',
        });
        assert.equal(wrong.status, 2);
        for (const name of ['JWT_SECRET', 'ENCRYPTION_KEY_PREVIOUS', 'PORT', 'ENABLE_WEBSOCKETS', 'AIRI_ORIGIN'])
            assert.match(wrong.stderr, new RegExp(`${name} `));
        assert.ok(!(wrong.stderr + wrong.stdout).includes(secret));
        const worker = start('airi-worker', { DATABASE_URL: secret }, 'moderation');
        assert.equal(worker.status, 2);
        assert.match(worker.stderr, /ENCRYPTION_KEY /);
    },
);
