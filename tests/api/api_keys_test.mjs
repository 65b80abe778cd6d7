// API keys over two gateways: rotation with an overlap, rate limits and usage counts per key, mail notices.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts();
const call = (port, token) => (method, path, json) => ask(port, { method, path: `/api/v1${path}`, token, json });

test('AIRI-10 AIRI-59: a rotated key passes on its rights and keeps working during the overlap', async ({
    system,
    ports,
    join,
}) => {
    const account = await join('plus');
    const api = call(ports[0], account.token);
    const rights = { scopes: ['read', 'write'], allowed_addresses: ['127.0.0.0/8'], requests_per_hour: 900 };
    const old = (
        await api('POST', '/api-keys', {
            name: 'robot',
            expires_at: new Date(Date.now() + 90 * 86_400_000).toISOString(),
            ...rights,
        })
    ).json.data;
    const made = await api('POST', `/api-keys/${old.id}/rotate`, {});
    assert.equal(made.status, 201, made.text);
    const fresh = made.json.data;
    assert.deepEqual(
        [fresh.name, fresh.scopes.sort(), fresh.allowed_addresses, fresh.requests_per_hour],
        ['robot', ['read', 'write'], ['127.0.0.0/8'], 900],
    );
    assert.ok(
        Math.abs(Date.parse(fresh.expires_at) - Date.now() - 90 * 86_400_000) < 60_000,
        "its lifetime is the old key's",
    );
    for (const key of [old.key, fresh.key])
        for (const port of ports) assert.equal((await call(port, key)('GET', '/conversations')).status, 200);
    const listed = Object.fromEntries((await api('GET', '/api-keys')).json.data.map((one) => [one.id, one]));
    assert.deepEqual([listed[old.id].replaced_by, listed[fresh.id].replaced_by], [fresh.id, null]);
    assert.ok(Math.abs(Date.parse(listed[old.id].expires_at) - Date.now() - 86_400_000) < 60_000);
    rejected(await api('POST', `/api-keys/${old.id}/rotate`, {}), 409, 'KEY_REPLACED');
    rejected(await api('POST', `/api-keys/${fresh.id}/rotate`, {}), 409, 'KEY_OVERLAPS');
    const socket = await Wire.open(ports[1], (await api('POST', '/api-keys', { name: 'chat' })).json.data.key);
    socket.end();
    await system.rows('update api_keys set expires_at = now() where id = $1', [old.id]);
    await eventually(
        'the old key expires',
        async () => (await call(ports[1], old.key)('GET', '/conversations')).status === 401,
        { within: 5_000 },
    );
    assert.equal((await call(ports[1], fresh.key)('GET', '/conversations')).status, 200);
    const [{ n }] = await system.rows(
        "select count(*)::int as n from audit_log where user_id = $1 and action like 'api_key.%'",
        [account.id],
    );
    assert.equal(n, 4, 'three were created, one replaced another');
});

test('AIRI-10: rotation without overlap ends the old key at once, and only an active key rotates, once', async ({
    system,
    ports,
    join,
}) => {
    const [account, other] = [await join('plus'), await join('plus')];
    const api = call(ports[0], account.token);
    const make = async (more = {}) => (await api('POST', '/api-keys', { name: 'x', ...more })).json.data;
    const old = await make({ scopes: ['chat', 'read'] });
    const socket = await Wire.open(ports[1], old.key);
    const { key } = (await api('POST', `/api-keys/${old.id}/rotate`, { overlap_seconds: 0 })).json.data;
    await eventually('its socket is closed', () => socket.code === 1008);
    for (const port of ports) {
        rejected(await call(port, old.key)('GET', '/conversations'), 401, 'INVALID_API_KEY');
        assert.equal((await call(port, key)('GET', '/conversations')).status, 200);
    }
    for (const overlap_seconds of [-1, 604_801, 1.5, '5', 1e300])
        rejected(await api('POST', `/api-keys/${old.id}/rotate`, { overlap_seconds }), 422, 'VALIDATION_FAILED');
    const [foreign, gone, late] = [await make(), await make(), await make({ expires_at: '2020-01-01T00:00:00Z' })];
    rejected(await call(ports[0], other.token)('POST', `/api-keys/${foreign.id}/rotate`, {}), 404);
    await api('DELETE', `/api-keys/${gone.id}`);
    for (const id of [gone.id, late.id, old.id, crypto.randomUUID(), 'x'])
        rejected(await api('POST', `/api-keys/${id}/rotate`, {}), 404);
    rejected(await call(ports[0], key)('POST', `/api-keys/${foreign.id}/rotate`, {}), 403, 'SCOPE_NEEDED');
    const both = await Promise.all(
        ports.map((port) => call(port, account.token)('POST', `/api-keys/${foreign.id}/rotate`, {})),
    );
    assert.deepEqual(both.map((one) => one.status).sort(), [201, 409]);
    const [{ n }] = await system.rows(
        'select count(*)::int as n from api_keys where user_id = $1 and replaced_by is not null',
        [account.id],
    );
    assert.equal(n, 2);
});

test('AIRI-10: each key has its own rate limit across both gateways and a usage count', async ({
    system,
    ports,
    join,
}) => {
    const account = await join('plus');
    const api = call(ports[0], account.token);
    const { id, key } = (await api('POST', '/api-keys', { name: 'few', requests_per_hour: 6 })).json.data;
    const free = (await api('POST', '/api-keys', { name: 'many' })).json.data.key;
    const answers = [];
    for (let i = 0; i < 8; ++i) answers.push(await call(ports[i % 2], key)('GET', '/conversations'));
    assert.deepEqual(
        answers.map((one) => one.status),
        [200, 200, 200, 200, 200, 200, 429, 429],
    );
    rejected(answers[6], 429, 'RATE_LIMITED', /6 requests in 3600 s/);
    assert.ok(Number(answers[6].headers['retry-after']) > 3_500);
    assert.equal((await call(ports[0], free)('GET', '/conversations')).status, 200, 'other keys are unaffected');
    assert.equal((await api('GET', '/conversations')).status, 200);
    const uses = async () => (await api('GET', '/api-keys')).json.data.find((one) => one.id === id).uses;
    const waiting = async () => Number((await system.redis(`GET api_key:uses:${id}`)).match(/\r\n(\d+)/)?.[1] ?? 0);
    await eventually('the first use is recorded, and the others wait', async () => {
        const recorded = await uses();
        return recorded >= 1 && recorded + (await waiting()) === 8;
    });
    await system.rows("update api_keys set last_used_at = now() - interval '2 minutes' where id = $1", [id]);
    await call(ports[1], key)('GET', '/conversations');
    await eventually('all uses since are recorded', async () => (await uses()) === 9, { describe: uses });
    for (const requests_per_hour of [0, -1, 1.5, '6', 1_000_001])
        rejected(await api('POST', '/api-keys', { name: 'x', requests_per_hour }), 422, 'VALIDATION_FAILED');
});

test('a mail announces a new key without including it', async ({ system, ports, join }) => {
    const account = await join('plus');
    const { key, prefix } = (await call(ports[0], account.token)('POST', '/api-keys', { name: 'robot' })).json.data;
    const mail = await eventually('a mail', () =>
        system.mail(account.email).find((one) => one.subject.includes('API key')),
    );
    assert.ok(mail.text.includes(prefix) && !mail.text.includes(key));
    assert.deepEqual(mail.faults, []);
});
