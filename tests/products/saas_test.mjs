// The AIRI SaaS as its own client meets it, with every number of its document. tests/security/headers_test.mjs has its
// headers.

import assert from 'node:assert/strict';

import { address, birthDate, password, prove, withAccounts } from '../support/js/accounts.mjs';
import {
    assertLifetimes,
    assertLimit,
    assertModels,
    assertOwnSettings,
    assertPlans,
    assertRates,
    assertSettings,
    talk,
} from '../support/js/products.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts();

test('SAAS-13 SAAS-14 SAAS-15: the plans have the documented prices, quotas and price ids', async ({
    system,
    ports,
}) => {
    const [minute, hour] = [60, 3_600];
    await assertSettings(ports[0], { product_name: 'AIRI' });
    await assertPlans(ports[0], {
        free: {
            price_cents: 0,
            currency: 'usd',
            billing_period: 'month',
            limits: {
                messages_per_day: 50,
                voice_seconds_per_day: 5 * minute,
                gaming_seconds_per_day: 0,
                custom_avatars_per_stock: 0,
            },
        },
        plus: {
            price_cents: 1_499,
            currency: 'usd',
            billing_period: 'month',
            limits: {
                messages_per_day: 500,
                voice_seconds_per_day: 60 * minute,
                gaming_seconds_per_day: 2 * hour,
                custom_avatars_per_stock: 5,
            },
        },
        pro: {
            price_cents: 2_499,
            currency: 'usd',
            billing_period: 'month',
            limits: {
                messages_per_day: -1,
                voice_seconds_per_day: -1,
                gaming_seconds_per_day: -1,
                custom_avatars_per_stock: -1,
            },
        },
    });
    assert.deepEqual(await system.rows('select id, stripe_price_id from plans where active order by rank'), [
        { id: 'free', stripe_price_id: null },
        { id: 'plus', stripe_price_id: 'price_plus_monthly' },
        { id: 'pro', stripe_price_id: 'price_pro_monthly' },
    ]);
});

test('SAAS-31 SAAS-33 SAAS-35: three models have the documented prices, priority and circuit breaker', async ({
    system,
}) => {
    await assertOwnSettings(system, { circuit_failures: 3, circuit_open_ms: 60_000, temperature: 0.7 });
    await assertModels(system, [
        ['openai', 'gpt-3.5-turbo', 2_000],
        ['anthropic', 'claude-3-haiku-20240307', 8_000],
        ['groq', 'mixtral-8x7b-32768', 100],
    ]);
});

test('SAAS-10 SAAS-11: requests have the documented limits by plan, endpoint group and address', async ({
    system,
    ports,
    join,
}) => {
    await assertRates(system, [
        ['api', '*', 'user', 1_000, 3_600],
        ['api', 'plus', 'user', 5_000, 3_600],
        ['api', 'pro', 'user', 50_000, 3_600],
        ['chat', '*', 'user', 100, 3_600],
        ['voice', '*', 'user', 50, 3_600],
        ['auth', '*', 'ip', 10, 900],
        ['subscription', '*', 'user', 20, 3_600],
        ['anonymous', '*', 'ip', 100, 900],
    ]);
    const { token } = await join();
    const current = (i) => ask(ports[i % 2], { path: '/api/subscription/current', token });
    await assertLimit(current, 'subscription', 20, 3_600);
    assert.equal((await ask(ports[0], { path: '/api/conversations', token })).status, 200, 'another group');
    const from = address();
    const login = (i) =>
        ask(ports[i % 2], {
            method: 'POST',
            path: '/api/auth/login',
            json: { email: `nobody${i}@example.com`, password },
            from,
        });
    await assertLimit(login, 'auth', 10, 900);
});

test('SAAS-07: a sign-up needs a birth date, and one below 13 waits for a parent', async ({ ports, post }) => {
    const settings = (await ask(ports[0], { path: '/api/settings', from: address() })).json.data;
    assert.deepEqual([settings.age_gate, settings.minor_age], ['required', 13]);
    const signup = (more) => post('/auth/signup', { email: `${crypto.randomUUID()}@example.com`, password, ...more });
    for (const missing of [{}, { birth_date: null }])
        rejected(await signup(missing), 422, 'VALIDATION_FAILED', /birth_date/);
    assert.equal((await signup({ birth_date: birthDate })).json.data.user.pending, false);
    const young = `${new Date().getUTCFullYear() - 12}-01-02`;
    rejected(await signup({ birth_date: young }), 422, 'VALIDATION_FAILED', /parent_email/);
    const child = await signup({ birth_date: young, parent_email: 'parent@example.com' });
    assert.equal(child.json.data.user.pending, true);
    const { access_token: token } = child.json.data;
    rejected(await ask(ports[1], { path: '/api/conversations', token }), 403, 'CONSENT_NEEDED');
});

test('SAAS-01 SAAS-05 SAAS-25: a client signs up, talks and has at most three sessions', async (stage) => {
    const { system, ports, post } = stage;
    const account = { email: `${crypto.randomUUID()}@example.com` };
    const made = await post('/auth/signup', { ...account, password, birth_date: birthDate });
    assert.equal(made.status, 201, made.text);
    const { data } = made.json;
    assert.deepEqual([data.user.plan, data.user.tier], ['free', 'free']);
    // The document's seven days are the refresh token's here.
    await assertLifetimes(system, data, { access: 3_600, refresh: 7 * 86_400 });
    const reply = await talk(ports[0], data.access_token);
    assert.equal(reply.metadata.cost_nanousd, 2_000 * (reply.metadata.tokens_in + reply.metadata.tokens_out));
    await prove(system, account.email);
    for (let i = 0; i < 2; ++i) assert.equal((await stage.login(account)).status, 200);
    assert.equal((await stage.session(data.access_token)).status, 200, 'the third');
    assert.equal((await stage.login(account)).status, 200);
    rejected(await stage.session(data.access_token, ports[1]), 401, 'SESSION_ENDED');
});

test('SAAS-29 SAAS-30: clients read the documented heartbeat, reconnects and channels', async ({ ports, join }) => {
    const settings = (await ask(ports[0], { path: '/api/settings', from: address() })).json.data;
    assert.deepEqual(
        [settings.heartbeat_seconds, settings.reconnect_ms, settings.reconnect_attempts, settings.channels_per_client],
        [30, 5_000, 10, 100],
    );
    const { id, token } = await join();
    const wire = await Wire.open(ports[0], token);
    assert.equal((await wire.reply('subscribe', { channel: `user:${id}` })).type, 'subscribed');
    wire.end();
});
