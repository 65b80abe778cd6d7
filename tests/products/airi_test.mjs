// The AIRI Platform as its own client meets it, with every number of its document.

import assert from 'node:assert/strict';

import { password, prove, withProduct } from '../support/js/accounts.mjs';
import {
    assertHeaders,
    assertLifetimes,
    assertLimit,
    assertModels,
    assertOrigins,
    assertOwnSettings,
    assertPlans,
    assertRates,
    assertSettings,
    talk,
} from '../support/js/products.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withProduct('airi');

test('AIRI-12: five security headers have the documented values, and CORS allows localhost:5173', async ({ ports }) => {
    await assertHeaders(ports, {
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'x-xss-protection': '1; mode=block',
        'strict-transport-security': 'max-age=31536000',
        'content-security-policy': "default-src 'self'",
    });
    await assertOrigins(ports[0], {
        'http://localhost:5173': true,
        'https://localhost:5173': false,
        'https://airi.chat': false,
    });
});

test('AIRI-35 AIRI-29 AIRI-10: the plans have the documented messages, tokens and features', async ({ ports }) => {
    await assertSettings(ports[0], { product_name: 'AIRI Platform' });
    await assertPlans(ports[0], {
        free: {
            price_cents: 0,
            context_tokens: 2_000,
            limits: { messages_per_day: 20, api_keys_per_stock: 0 },
            features: { chat: true, voice: false, images: false, api_keys: false, priority: false },
        },
        pro: {
            context_tokens: 8_000,
            limits: { messages_per_day: 200, api_keys_per_stock: 0 },
            features: { chat: true, voice: true, images: true, api_keys: false, priority: false },
        },
        enterprise: {
            context_tokens: 32_000,
            limits: { messages_per_day: -1 },
            features: { chat: true, voice: true, images: true, api_keys: true, priority: true },
        },
    });
});

test('AIRI-32: a reply is cached for five minutes', async ({ system }) => {
    await assertOwnSettings(system, { reply_cache_seconds: 300 });
});

test('AIRI-28: six models have the documented prices, OpenAI first, then Anthropic, then Groq', async ({ system }) => {
    await assertModels(system, [
        ['openai', 'gpt-4-turbo-preview', 10_000],
        ['openai', 'gpt-4', 30_000],
        ['anthropic', 'claude-3-opus', 15_000],
        ['anthropic', 'claude-3-sonnet', 3_000],
        ['openai', 'gpt-3.5-turbo', 1_500],
        ['groq', 'mixtral-8x7b', 600],
    ]);
    const sizes = await system.rows(
        `select model, reply_tokens, context_tokens from model_prices
         where model in ('gpt-4-turbo-preview', 'gpt-4', 'gpt-3.5-turbo', 'claude-3-opus', 'mixtral-8x7b')`,
    );
    const of = Object.fromEntries(sizes.map((row) => [row.model, row]));
    for (const model of ['gpt-4-turbo-preview', 'gpt-3.5-turbo', 'claude-3-opus'])
        assert.equal(of[model].reply_tokens, 4_096, model);
    assert.deepEqual([of['gpt-4'].context_tokens, of['mixtral-8x7b'].context_tokens], [8_192, 32_768]);
});

test('AIRI-01 AIRI-04 AIRI-22: a client signs up, talks, renews its tokens of an hour and a week, and leaves', async ({
    system,
    ports,
    post,
}) => {
    const email = `${crypto.randomUUID()}@example.com`;
    const made = await post('/auth/signup', { email, password });
    assert.equal(made.status, 201, made.text);
    const { data } = made.json;
    assert.deepEqual([data.user.plan, data.user.tier, data.token_type], ['free', 'free', 'bearer']);
    await assertLifetimes(system, data, { access: 3_600, refresh: 7 * 86_400 });
    const reply = await talk(ports[0], data.access_token);
    assert.deepEqual([reply.metadata.provider, reply.metadata.model], ['openai', 'gpt-3.5-turbo']);
    assert.equal(reply.metadata.cost_nanousd, 1_500 * (reply.metadata.tokens_in + reply.metadata.tokens_out));
    const renewed = await post('/auth/refresh', { refresh_token: data.refresh_token });
    assert.notEqual(renewed.json.data.refresh_token, data.refresh_token);
    const token = renewed.json.data.access_token;
    await eventually('the message is in the usage', async () => {
        const { json } = await ask(ports[1], { path: '/api/v1/usage/summary', token });
        const messages = json.data.resources.find((one) => one.resource === 'messages');
        assert.equal(messages.limit, 20);
        return messages.used === 1;
    });
    const key = { name: 'mine', scopes: ['read'] };
    await prove(system, email);
    rejected(await post('/api-keys', key, { token }), 402, 'PLAN_LIMIT');
    assert.equal((await post('/auth/logout', {}, { token })).status, 200);
    rejected(await ask(ports[1], { path: '/api/v1/auth/session', token }), 401, 'SESSION_ENDED');
});

test('AIRI-36: a user, an address and an endpoint have 100 requests in 60 seconds', async ({ system, ports, join }) => {
    await assertRates(system, [
        ['api', '*', 'user', 100, 60],
        ['anonymous', '*', 'ip', 100, 60],
        ['chat', '*', 'user', 100, 60],
        ['search', '*', 'user', 100, 60],
        ['subscription', '*', 'user', 100, 60],
    ]);
    const { token } = await join();
    const get = (i) => ask(ports[i % 2], { path: '/api/v1/conversations', token });
    await assertLimit(get, 'api', 100, 60);
});

test('AIRI-31 AIRI-39 AIRI-40: a client reads its conversations, its days, and the receipt of a reply', async ({
    ports,
    join,
}) => {
    const { token } = await join();
    const get = async (path) => (await ask(ports[1], { path: `/api/v1${path}`, token })).json.data;
    const reply = await talk(ports[0], token);
    const used = async (resource) =>
        (await get('/usage/summary')).resources.find((one) => one.resource === resource)?.used;
    assert.equal(await used('conversations'), 1, 'as the limit of 20 counts them');
    const { rows } = await eventually('the day has the reply', async () => {
        const report = await get('/usage/report');
        return report.rows[0]?.sums.tokens_out > 0 && report;
    });
    assert.equal(rows[0].sums.messages, 1);
    const receipt = await get(`/messages/${reply.id}/receipt`);
    assert.equal(receipt.cost_nanousd, reply.metadata.cost_nanousd);
    assert.deepEqual(
        receipt.calls.map((call) => [call.provider, call.model, call.outcome]),
        [['openai', 'gpt-3.5-turbo', 'completed']],
    );
});
