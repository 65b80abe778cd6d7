// Ezri as its own client meets it, with every number of its document.

import assert from 'node:assert/strict';

import { address, password, withProduct } from '../support/js/accounts.mjs';
import {
    assertHeaders,
    assertLifetimes,
    assertPlans,
    assertSettings,
    cookiesOf,
    talk,
} from '../support/js/products.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withProduct('ezri');

test('EZRI-51: four plans are sold in dollars by the month', async ({ ports }) => {
    await assertSettings(ports[0], { product_name: 'Ezri' });
    await assertPlans(
        ports[0],
        Object.fromEntries(
            ['free', 'basic', 'pro', 'enterprise'].map((id) => [id, { currency: 'usd', billing_period: 'month' }]),
        ),
    );
});

test('EZRI-01 EZRI-06: a sign-up needs an address and a password, and keeps the refresh token in a cookie', async ({
    system,
    ports,
    post,
    session,
}) => {
    const account = { email: `${crypto.randomUUID()}@example.com`, password };
    const made = await post('/auth/signup', account);
    assert.equal(made.status, 201, made.text);
    const { data } = made.json;
    assert.deepEqual([data.user.role, data.user.plan, data.user.language], ['user', 'free', 'en']);
    assert.deepEqual([data.token_type, data.refresh_token], ['bearer', undefined]);
    const jar = cookiesOf(made);
    assert.deepEqual(Object.keys(jar), ['airi_refresh', 'airi_device']);
    assert.deepEqual([jar.airi_refresh.httponly, jar.airi_refresh.path], [true, '/api/v1/auth/refresh']);
    await assertLifetimes(system, data, { access: 3_600, refresh: 7 * 86_400 });
    await talk(ports[0], data.access_token);
    const renewal = (more) =>
        post('/auth/refresh', {}, { headers: { Cookie: `airi_refresh=${jar.airi_refresh.value}`, ...more } });
    rejected(await renewal({ Origin: 'https://evil.example' }), 403, 'ORIGIN_NOT_ALLOWED');
    const renewed = await renewal();
    assert.equal(renewed.status, 200, renewed.text);
    const token = renewed.json.data.access_token;
    assert.deepEqual([renewed.json.data.refresh_token, (await session(token)).status], [undefined, 200]);
    assert.notEqual(cookiesOf(renewed).airi_refresh.value, jar.airi_refresh.value);
    const left = await post('/auth/logout', {}, { token });
    assert.deepEqual([left.status, cookiesOf(left).airi_refresh['max-age']], [200, '0']);
    rejected(await session(token, ports[1]), 401, 'SESSION_ENDED');
});

test('EZRI-65: the health of the service is public, healthy and has its name', async ({ ports }) => {
    const { status, json } = await ask(ports[0], { path: '/health', from: address() });
    assert.deepEqual([status, json.status, json.service], [200, 'healthy', 'ai-service']);
});

test('EZRI-71: answers carry security headers, and those in need are never limited', async ({ system, ports }) => {
    await assertHeaders(ports, {
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'referrer-policy': 'no-referrer',
    });
    const crisis = await system.rows("select max_requests from rate_limits where name = 'crisis'");
    assert.deepEqual(
        crisis.map((row) => row.max_requests),
        [-1, -1],
    );
});

test('EZRI-75: sessions outlive Redis and work on every gateway; Redis holds counters and caches', async ({
    system,
    ports,
    join,
    login,
    session,
}) => {
    const account = await join();
    assert.equal((await session(account.token, ports[0])).status, 200);
    assert.equal((await ask(ports[0], { path: '/api/users/profile', token: account.token })).status, 200);
    const keys = await system.redis(`KEYS *${account.id}*`);
    assert.match(keys, /rate:/);
    const [{ n }] = await system.rows('select count(*)::int as n from sessions where user_id = $1', [account.id]);
    assert.equal(n, 1);
    await system.redis('FLUSHALL');
    for (const port of ports) assert.equal((await session(account.token, port)).status, 200);
    const more = [];
    for (let i = 0; i < 3; ++i) more.push((await login(account)).json.data.access_token);
    rejected(await session(account.token, ports[1]), 401, 'SESSION_ENDED');
    for (const token of more) assert.equal((await session(token, ports[1])).status, 200);
});
