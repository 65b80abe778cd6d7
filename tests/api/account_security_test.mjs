// Account security over two gateways: sessions, password, second factor, lockout, API keys, profile.

import assert from 'node:assert/strict';

import { generate } from 'otplib';

import { eventually } from '../support/js/system/wait.mjs';
import { password, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts();

const call = (port, token) => (method, path, json) => ask(port, { method, path: `/api/v1${path}`, token, json });

test('AIRI-03 SAAS-04: a user lists sessions and ends one or all of them on every gateway', async ({
    ports,
    join,
    login,
    rejectedEverywhere,
    session,
}) => {
    const account = await join();
    const other = (await login(account)).json.data;
    const api = call(ports[0], account.token);
    const list = (await api('GET', '/auth/sessions')).json.data;
    assert.equal(list.length, 2);
    assert.deepEqual(list.map((one) => one.current).sort(), [false, true]);
    const foreign = list.find((one) => !one.current);
    const socket = await Wire.open(ports[1], other.access_token);
    assert.equal((await api('DELETE', `/auth/sessions/${foreign.id}`)).status, 200);
    await eventually('its socket is closed', () => socket.code === 1008);
    await rejectedEverywhere(other.access_token, 'SESSION_ENDED');
    rejected(await api('DELETE', `/auth/sessions/${foreign.id}`), 404);
    rejected(
        await call(ports[0], (await join()).token)('DELETE', `/auth/sessions/${list.find((one) => one.current).id}`),
        404,
    );
    const third = (await login(account)).json.data;
    assert.equal((await api('POST', '/auth/logout-all', {})).json.data.ended, 2);
    for (const token of [account.token, third.access_token]) await rejectedEverywhere(token, 'SESSION_ENDED');
    assert.equal((await session((await login(account)).json.data.access_token)).status, 200);
});

test('SAAS-06: a password change ends the other sessions and invalidates the old password', async ({
    ports,
    join,
    login,
    post,
    rejectedEverywhere,
    session,
}) => {
    const account = await join();
    const other = (await login(account)).json.data.access_token;
    const change = (current_password, new_password) =>
        call(ports[0], account.token)('POST', '/auth/change-password', { current_password, new_password });
    rejected(await change('not the password', 'a new long password'), 403, 'WRONG_PASSWORD');
    rejected(await change(password, 'short'), 422, 'VALIDATION_FAILED', /new_password/);
    assert.deepEqual((await change(password, 'a new long password')).json.data, { changed: true, sessions_ended: 1 });
    await rejectedEverywhere(other, 'SESSION_ENDED');
    assert.equal((await session(account.token)).status, 200);
    rejected(await login(account), 401, 'WRONG_CREDENTIALS');
    assert.equal((await post('/auth/login', { email: account.email, password: 'a new long password' })).status, 200);
});

test('AIRI-59: two-factor login follows RFC 6238, has recovery codes and accepts no code twice', async ({
    ports,
    join,
    post,
    login,
}) => {
    const account = await join();
    const api = call(ports[0], account.token);
    const { secret, otpauth_url: url } = (await api('POST', '/auth/2fa/setup', {})).json.data;
    assert.match(url, new RegExp(`^otpauth://totp/airi:.*secret=${secret}`));
    assert.equal((await login(account)).status, 200, 'it is enabled only after a valid code');
    rejected(await api('POST', '/auth/2fa/enable', { code: '000000' }), 422, 'WRONG_CODE');
    const code = await generate({ secret });
    const { recovery_codes: recovery } = (await api('POST', '/auth/2fa/enable', { code })).json.data;
    assert.equal(new Set(recovery).size, 10);
    for (const one of recovery) assert.match(one, /^([0-9a-f]{4}-){7}[0-9a-f]{4}$/, '128 bits in groups');
    rejected(await api('POST', '/auth/2fa/setup', {}), 409, 'TWO_FACTOR_ON');
    const loginWith = (more, port) => post('/auth/login', { email: account.email, password, ...more }, { port });
    rejected(await loginWith({}), 401, 'TWO_FACTOR_REQUIRED');
    rejected(await loginWith({ code }), 401, 'WRONG_CODE');
    const both = await Promise.all(ports.map((port) => loginWith({ code: recovery[0] }, port)));
    assert.deepEqual(both.map((one) => one.status).sort(), [200, 401], 'a recovery code at two gateways at once');
    rejected(await loginWith({ code: recovery[0] }), 401, 'WRONG_CODE');
    assert.equal((await loginWith({ code: recovery[1].toUpperCase().replaceAll('-', '') })).status, 200);
    await eventually(
        'the oldest of three sessions has ended',
        async () => (await api('GET', '/auth/2fa')).status === 401,
    );
    const token = (await loginWith({ code: recovery[2] })).json.data.access_token;
    assert.deepEqual((await call(ports[0], token)('GET', '/auth/2fa')).json.data, {
        enabled: true,
        recovery_codes_left: 7,
    });
    assert.equal(
        (await call(ports[0], token)('POST', '/auth/2fa/disable', { code: recovery[3] })).json.data.enabled,
        false,
    );
    assert.equal((await login(account)).status, 200);
});

test('AIRI-59: a one-time code is accepted once, and none of a coming or long past time step', async ({
    system,
    join,
    ports,
    post,
}) => {
    const account = await join();
    const api = call(ports[0], account.token);
    const { secret } = (await api('POST', '/auth/2fa/setup', {})).json.data;
    // All codes derive from one moment. A step that ends meanwhile makes the next code the current one.
    const begun = Math.floor(Date.now() / 1000);
    const at = (steps) => generate({ secret, epoch: begun + steps * 30 });
    const isCurrent = () => Math.floor(Date.now() / 30_000) === Math.floor(begun / 30);
    const code = await at(0);
    assert.equal((await api('POST', '/auth/2fa/enable', { code })).status, 200);
    const [{ secret: stored }] = await system.rows('select secret from two_factor where user_id = $1', [account.id]);
    assert.match(stored, /^sealed:two_factor\.secret:/);
    const loginWith = async (code, port = ports[0]) =>
        (await post('/auth/login', { email: account.email, password, code }, { port })).status;
    assert.equal(await loginWith(code), 401, 'again');
    assert.equal(await loginWith(await at(-1)), 401, 'an earlier one');
    await system.rows('update two_factor set last_step = 0 where user_id = $1', [account.id]);
    assert.equal(await loginWith(await at(-2)), 401, 'one of the step before the previous one');
    const three = await Promise.all([...ports, ports[0]].map((port) => loginWith(code, port)));
    assert.deepEqual(three.sort(), [200, 401, 401], 'at two gateways at once');
    const next = await loginWith(await at(1));
    if (isCurrent()) assert.equal(next, 401, 'the coming one');
});

test('ten wrong codes within 15 minutes make every code wrong for a while', async ({ system, join, ports }) => {
    const account = await join();
    const api = call(ports[0], account.token);
    const { secret } = (await api('POST', '/auth/2fa/setup', {})).json.data;
    const enable = async () => api('POST', '/auth/2fa/enable', { code: await generate({ secret }) });
    const ten = Array.from({ length: 10 }, () =>
        system.rows('select two_factor_accept($1, \'{"recovery": "x"}\', true) as is', [account.id]),
    );
    assert.deepEqual(
        (await Promise.all(ten)).map(([{ is }]) => is),
        Array(10).fill(null),
    );
    rejected(await enable(), 422, 'WRONG_CODE');
    await system.rows("update two_factor set failed_at = now() - interval '16 minutes' where user_id = $1", [
        account.id,
    ]);
    assert.equal((await enable()).status, 200);
});

test('failed logins lock an address with a growing delay, whether or not an account exists', async ({
    system,
    join,
    post,
    login,
}) => {
    const account = await join();
    for (const email of [account.email, `${crypto.randomUUID()}@example.com`]) {
        const loginWith = (word) => post('/auth/login', { email, password: word });
        for (let i = 0; i < 6; ++i) rejected(await loginWith('wrong password'), 401, 'WRONG_CREDENTIALS');
        const locked = await loginWith(password);
        rejected(locked, 429, 'ACCOUNT_LOCKED');
        const wait = Number(locked.headers['retry-after']);
        assert.ok(wait > 50 && wait <= 60, `${wait} s`);
        const passed = () =>
            system.rows('update login_failures set locked_until = now() where email_key = $1', [email]);
        await passed();
        rejected(await loginWith('wrong password'), 401, 'WRONG_CREDENTIALS');
        const longer = Number((await loginWith(password)).headers['retry-after']);
        assert.ok(longer > 110 && longer <= 120, `${longer} s`);
        await passed();
    }
    assert.equal((await login(account)).status, 200);
    const [{ n }] = await system.rows('select count(*)::int as n from login_failures where email_key = $1', [
        account.email,
    ]);
    assert.equal(n, 0, 'a success resets the failures');
});

test('AIRI-08: the login history records every attempt and is visible to its owner only', async ({
    ports,
    join,
    login,
    post,
}) => {
    const account = await join();
    await post('/auth/login', { email: account.email, password: 'wrong password' });
    const token = (await login(account)).json.data.access_token;
    const tries = (await call(ports[1], token)('GET', '/auth/login-history')).json.data;
    assert.deepEqual(
        tries.map((one) => one.outcome),
        ['success', 'wrong_password', 'success'],
        'signup counts as a login',
    );
    assert.match(tries[0].address, /^127\./);
    assert.deepEqual(
        (await call(ports[1], (await join()).token)('GET', '/auth/login-history')).json.data.map((one) => one.outcome),
        ['success'],
    );
});

test('AIRI-10: API keys have scopes, an address list and an expiry, are stored hashed and are revoked at once', async ({
    system,
    ports,
    join,
}) => {
    const account = await join('pro');
    const api = call(ports[0], account.token);
    const made = (await api('POST', '/api-keys', { name: 'all', scopes: ['chat', 'read', 'write'] })).json.data;
    assert.match(made.key, /^airi_[0-9a-f]{8}_[0-9a-f]{54}$/);
    assert.ok(made.key.startsWith(made.prefix));
    const listed = (await api('GET', '/api-keys')).json.data;
    assert.deepEqual(
        listed.map((one) => [one.id, one.name, 'key' in one]),
        [[made.id, 'all', false]],
    );
    assert.equal((await system.rows('select * from api_keys where id = $1', [made.id]))[0].hash.length, 64);
    for (const port of ports) assert.equal((await call(port, made.key)('GET', '/conversations')).status, 200);
    assert.equal((await call(ports[0], made.key)('POST', '/conversations', {})).status, 201);
    for (const path of ['/auth/sessions', '/api-keys', '/auth/2fa'])
        rejected(await call(ports[0], made.key)('GET', path), 403, 'SCOPE_NEEDED');
    const reader = (await api('POST', '/api-keys', { name: 'reader', scopes: ['read'] })).json.data.key;
    assert.equal((await call(ports[0], reader)('GET', '/conversations')).status, 200);
    rejected(await call(ports[0], reader)('POST', '/conversations', {}), 403, 'SCOPE_NEEDED');
    rejected(await call(ports[0], reader)('POST', '/chat/messages', { content: 'x' }), 403, 'SCOPE_NEEDED');
    rejected(await Wire.rejection(ports[0], reader), 403, 'SCOPE_NEEDED');
    const far = (await api('POST', '/api-keys', { name: 'far', allowed_addresses: ['10.0.0.0/8'] })).json.data.key;
    rejected(await call(ports[0], far)('GET', '/conversations'), 401, 'INVALID_API_KEY');
    const near = (await api('POST', '/api-keys', { name: 'near', allowed_addresses: ['127.0.0.0/8', '::1/128'] })).json
        .data.key;
    assert.equal((await call(ports[0], near)('GET', '/conversations')).status, 200);
    const past = (await api('POST', '/api-keys', { name: 'past', expires_at: '2020-01-01T00:00:00Z' })).json.data.key;
    rejected(await call(ports[0], past)('GET', '/conversations'), 401, 'INVALID_API_KEY');
    rejected(
        await api('POST', '/api-keys', { name: 'x', allowed_addresses: ['1.2.3.4/99'] }),
        422,
        'VALIDATION_FAILED',
    );
    for (const forged of [
        made.key.slice(0, -1),
        `${made.key}0`,
        made.key.replace(/.$/, (c) => (c === '0' ? '1' : '0')),
        'airi_',
        `airi_${'a'.repeat(5000)}`,
    ])
        rejected(await call(ports[0], forged)('GET', '/conversations'), 401, 'INVALID_API_KEY');
    const socket = await Wire.open(ports[1], made.key);
    assert.equal((await api('DELETE', `/api-keys/${made.id}`)).status, 200);
    await eventually('its socket is closed', () => socket.code === 1008);
    for (const port of ports) rejected(await call(port, made.key)('GET', '/conversations'), 401, 'INVALID_API_KEY');
    rejected(await api('DELETE', `/api-keys/${made.id}`), 404);
});

test('AIRI-05: a profile is updated field by field and reads the same on every gateway', async ({ ports, join }) => {
    const account = await join();
    const [one, other] = ports.map((port) => call(port, account.token));
    const changed = (
        await one('PATCH', '/users/profile', {
            display_name: 'Ann',
            locale: 'de-AT',
            preferences: { theme: 'dark', size: 3 },
        })
    ).json.data;
    assert.equal(changed.display_name, 'Ann');
    const merged = (
        await other('PUT', '/users/profile', { preferences: { size: null, sound: false }, timezone: 'Europe/Vienna' })
    ).json.data;
    assert.deepEqual(merged.preferences, { theme: 'dark', sound: false });
    assert.deepEqual((await one('GET', '/users/profile')).json.data, merged);
    rejected(
        await one('PATCH', '/users/profile', { role: 'admin', plan: 'pro', email: 'x@example.com' }),
        422,
        'VALIDATION_FAILED',
        /\/role/,
    );
    rejected(await one('PATCH', '/users/profile', {}), 422, 'VALIDATION_FAILED');
    assert.equal((await one('GET', '/users/statistics')).json.data.conversations, 0);
});
