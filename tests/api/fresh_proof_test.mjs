// A stolen session changes no credential: that needs a proof of identity within ten minutes.

import assert from 'node:assert/strict';

import { generate } from 'otplib';

import { eventually } from '../support/js/system/wait.mjs';
import { address, password, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withAccounts();

const call = (port, token) => (method, path, json) =>
    ask(port, { method, path: `/api/v1${path}`, token, json, from: address() });

const anyId = '019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10';
const changes = [
    ['POST', '/api-keys', { name: 'backdoor', scopes: ['read', 'write', 'chat'] }],
    ['POST', '/users/me/api-keys', { name: 'backdoor' }],
    ['POST', `/api-keys/${anyId}/rotate`, {}],
    ['POST', '/auth/2fa/setup', {}],
    ['POST', '/auth/2fa/enable', { code: '123456' }],
    ['POST', '/auth/2fa/disable', { code: '123456' }],
    ['POST', '/auth/oauth/google/link', {}],
    ['POST', '/auth/identities', { state: 's', code: 'c', binding: 'b', iss: 'https://id.example' }],
    ['DELETE', `/auth/identities/${anyId}`],
    ['DELETE', '/users/me', {}],
];
const count = async (system, table, id) =>
    (await system.rows(`select count(*)::int as n from ${table} where user_id = $1`, [id]))[0].n;

test('AIRI-08: a session whose user signed in long ago changes no credential', async ({
    system,
    ports,
    join,
    outdated,
}) => {
    const account = await join('pro');
    const thief = call(ports[0], await outdated(account));
    for (const change of [...changes, ['DELETE', `/users/${account.id}`, {}]]) {
        const answer = await thief(...change);
        rejected(answer, 403, 'REAUTHENTICATION_REQUIRED', /reauthenticate/);
        assert.deepEqual(answer.json.error.details, { proofs: ['password', 'link'] });
    }
    for (const table of ['api_keys', 'two_factor', 'identity_flows'])
        assert.equal(await count(system, table, account.id), 0, table);
    assert.equal((await thief('GET', '/api-keys')).status, 200, 'what changes nothing needs no proof');
    assert.equal((await thief('PATCH', '/users/profile', { display_name: 'Thief' })).status, 200);
});

test('the password proves it for ten minutes, on every gateway, in this session only', async ({
    system,
    ports,
    join,
    outdated,
}) => {
    const account = await join('pro');
    const [token, other] = [await outdated(account), await outdated(account)];
    const [here, there] = ports.map((port) => call(port, token));
    const prove = (proof) => here('POST', '/auth/reauthenticate', proof);
    rejected(await prove({ password: 'wrong password' }), 403, 'WRONG_PASSWORD');
    rejected(await prove({ code: '123456' }), 403, 'WRONG_CODE');
    rejected(await prove({}), 422, 'VALIDATION_FAILED');
    rejected(await prove({ password, code: '123456' }), 422, 'VALIDATION_FAILED');
    rejected(await there(...changes[0]), 403, 'REAUTHENTICATION_REQUIRED');
    const proved = await prove({ password });
    assert.equal(proved.status, 200, proved.text);
    const left = Date.parse(proved.json.data.proved_until) - Date.now();
    assert.ok(left > 540_000 && left <= 601_000, `${left} ms`);
    assert.equal((await there(...changes[0])).status, 201, 'the other gateway knows it at once');
    rejected(await call(ports[1], other)(...changes[0]), 403, 'REAUTHENTICATION_REQUIRED');
    await system.rows("update sessions set proved_at = now() - interval '11 minutes' where user_id = $1", [account.id]);
    await eventually('it is outdated', async () => (await there('POST', '/auth/2fa/setup', {})).status === 403);
});

test('an API key never proves anything', async ({ ports, join }) => {
    const account = await join('pro');
    const { key } = (await call(ports[0], account.token)(...changes[0])).json.data;
    const api = call(ports[1], key);
    for (const change of changes) rejected(await api(...change), 403, 'SCOPE_NEEDED');
    rejected(await api('POST', '/auth/reauthenticate', { password }), 403, 'SCOPE_NEEDED');
});

test('a code of the second factor proves it, once', async ({ ports, join, outdated }) => {
    const account = await join();
    const late = call(ports[1], await outdated(account));
    const api = call(ports[0], account.token);
    const { secret } = (await api('POST', '/auth/2fa/setup', {})).json.data;
    const code = await generate({ secret });
    const { recovery_codes: codes } = (await api('POST', '/auth/2fa/enable', { code })).json.data;
    const refused = await late('POST', '/auth/2fa/disable', { code: codes[0] });
    rejected(refused, 403, 'REAUTHENTICATION_REQUIRED');
    assert.deepEqual(refused.json.error.details.proofs, ['password', 'code', 'link']);
    rejected(await late('POST', '/auth/reauthenticate', { code }), 403, 'WRONG_CODE');
    assert.equal((await late('POST', '/auth/reauthenticate', { code: codes[1] })).status, 200);
    rejected(await late('POST', '/auth/reauthenticate', { code: codes[1] }), 403, 'WRONG_CODE');
    assert.equal((await late('POST', '/auth/2fa/disable', { code: codes[0] })).json.data.enabled, false);
});

test('an account without a password proves it by signing in again', async ({ system, ports, join, post, outdated }) => {
    const account = await join('pro');
    const late = await outdated(account);
    await system.rows('update users set password_hash = null where id = $1', [account.id]);
    const refused = await call(ports[0], late)(...changes[0]);
    rejected(refused, 403, 'REAUTHENTICATION_REQUIRED');
    assert.deepEqual(refused.json.error.details, { proofs: ['link'] });
    await system.rows(
        `insert into email_links (hash, user_id, kind, email, binding_hash, expires_at)
         select encode(sha256('a token of ${account.id}'), 'hex'), id, 'magic_link', email,
                encode(sha256('its binding'), 'hex'), now() + interval '1 hour'
         from users where id = $1`,
        [account.id],
    );
    const again = await post('/auth/magic-link/login', { token: `a token of ${account.id}`, binding: 'its binding' });
    assert.equal(again.status, 200, again.text);
    assert.equal((await call(ports[0], again.json.data.access_token)(...changes[0])).status, 201);
});
