// Statex as its own client meets it, with every number of its document.

import assert from 'node:assert/strict';

import { password, withProduct } from '../support/js/accounts.mjs';
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
import { ask, rejected } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withProduct('statex');
const day = 86_400;

test('STATEX-05: users have a language and a tier, STANDARD, EU_COMPLIANCE or PREMIUM', async ({
    system,
    ports,
    join,
}) => {
    await assertSettings(ports[0], { product_name: 'Statex' });
    await assertPlans(ports[0], {
        standard: {
            tier: 'STANDARD',
            currency: 'eur',
            billing_period: 'once',
            limits: { messages_per_day: 2, uploads_per_day: 10 },
        },
        eu_compliance: { tier: 'EU_COMPLIANCE', currency: 'eur', billing_period: 'once' },
        premium: { tier: 'PREMIUM', currency: 'eur', billing_period: 'once' },
    });
    const account = await join();
    const profile = async (method, json) =>
        (await ask(ports[0], { method, path: '/api/users/profile', token: account.token, json })).json.data;
    const { tier, language } = await profile('GET');
    assert.deepEqual([tier, language], ['STANDARD', 'en']);
    assert.equal((await profile('PATCH', { language: 'cs' })).language, 'cs');
    for (const [plan, name] of [
        ['eu_compliance', 'EU_COMPLIANCE'],
        ['premium', 'PREMIUM'],
    ]) {
        const { id, email } = await join(plan);
        const [row] = await system.rows('select plan from users where id = $1', [id]);
        assert.equal(row.plan, plan);
        const json = { email, password };
        const { data } = (await ask(ports[1], { method: 'POST', path: '/api/auth/login', json })).json;
        assert.deepEqual([data.user.tier, data.user.language], [name, 'en']);
    }
});

test('STATEX-10 STATEX-11 STATEX-12: three AI tiers have the documented models and prices', async ({ system }) => {
    await assertOwnSettings(system, { ai_tier_default: 'openai', provider_fallback: false, temperature: 0.7 });
    await assertModels(system, [
        ['azure', 'gpt-4', 60_000],
        ['openai', 'gpt-4', 30_000],
        ['ollama', 'codellama', 0],
    ]);
    const [{ reply_tokens }] = await system.rows("select reply_tokens from plans where id = 'standard'");
    assert.equal(reply_tokens, 2_000);
});

test('STATEX-01 STATEX-34: a client talks twice a day', async ({ system, ports, post }) => {
    const email = `${crypto.randomUUID()}@example.com`;
    const made = await post('/auth/signup', { email, password });
    assert.equal(made.status, 201, made.text);
    const { data } = made.json;
    await assertLifetimes(system, data, { access: 3_600, refresh: 7 * day });
    await assertRates(system, [
        ['ai', '*', 'user', 2, day],
        ['ai', '*', 'ip', 2, day],
        ['chat', '*', 'user', 2, day],
    ]);
    for (let i = 0; i < 2; ++i) {
        const { metadata } = await talk(ports[i], data.access_token);
        assert.deepEqual([metadata.provider, metadata.model], ['openai', 'gpt-4']);
        assert.equal(metadata.cost_nanousd, 30_000 * (metadata.tokens_in + metadata.tokens_out));
    }
    const third = await ask(ports[0], {
        method: 'POST',
        path: '/api/v1/chat/messages',
        token: data.access_token,
        json: { content: 'hello' },
    });
    rejected(third, 429);
    assert.ok(Number(third.headers['retry-after']) > 0 && Number(third.headers['retry-after']) <= day);
});

test('STATEX-35: a user uploads ten files a day', async ({ system, ports, join }) => {
    await assertRates(system, [
        ['upload', '*', 'user', 10, day],
        ['upload', '*', 'ip', 10, day],
    ]);
    const { token } = await join();
    const upload = (i) =>
        ask(ports[i % 2], {
            method: 'POST',
            path: '/api/avatars',
            token,
            body: 'no picture',
            headers: { 'Content-Type': 'image/png' },
        });
    await assertLimit(upload, 'upload', 10, day);
});

test('STATEX-36: a user, and an address without one, have 100 requests a day for all else', async ({
    system,
    ports,
    join,
}) => {
    await assertRates(system, [
        ['api', '*', 'user', 100, day],
        ['anonymous', '*', 'ip', 100, day],
    ]);
    const { token } = await join();
    const paths = ['/api/conversations', '/api/users/profile', '/api/usage/summary', '/api/auth/session'];
    const other = (i) => ask(ports[i % 2], { path: paths[i % 4], token });
    await assertLimit(other, 'api', 100, day);
    const from = '127.9.9.9';
    const anyone = (i) => ask(ports[i % 2], { path: i % 4 < 2 ? '/api/plans' : '/api/settings', from });
    await assertLimit(anyone, 'anonymous', 100, day);
});

test('STATEX-48: administrators see the costs of the month beside its 220 USD', async ({ system, ports, join }) => {
    const admin = await join();
    await appoint(system, admin, 'admin', [ports[0]]);
    await talk(ports[1], admin.token);
    const { budget, by_day } = await eventually('the call is counted', async () => {
        const { json } = await ask(ports[0], { path: '/api/v1/admin/usage', token: admin.token });
        return json.data.by_day.some((row) => row.feature === 'chat' && row.sums.cost_nanousd > 0) && json.data;
    });
    assert.equal(budget.budget_nanousd, 220e9);
    assert.equal(
        by_day.reduce((sum, row) => sum + row.sums.cost_nanousd, 0),
        budget.cost_nanousd,
    );
});
