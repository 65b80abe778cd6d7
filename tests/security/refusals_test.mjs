// Every refusal to authenticate, to authorise or to serve so often leaves one security event, without a secret.

import assert from 'node:assert/strict';

import { address, withAccounts } from '../support/js/accounts.mjs';
import { ask, Wire } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withAccounts();

const types = { 401: 'authn_fail', 403: 'authz_fail', 429: 'excess_rate_limit_exceeded' };

// Does the request, which is refused with this status, and returns its event.
async function eventOf({ system, ports }, status, order) {
    const id = crypto.randomUUID();
    const answer = await ask(ports[0], {
        from: address(),
        ...order,
        headers: { 'X-Request-Id': id, ...order.headers },
    });
    assert.equal(answer.status, status, answer.text);
    const found = () => system.logged('gateway-1', 'security.refused').filter((one) => one.request_id === id);
    await eventually('its event is written', () => found().length > 0);
    assert.equal(found().length, 1);
    const [event] = found();
    assert.equal(event.type, types[status]);
    assert.equal(event.code, answer.json.error.code);
    return event;
}

test('a refused request leaves one event with its type, code, operation, account and address', async (stage) => {
    const { system, join } = stage;
    const user = await join();
    const path = '/api/v1/conversations';
    const forged = await eventOf(stage, 401, { path, token: 'a.b.c', from: '127.9.8.7' });
    assert.deepEqual([forged.operation, forged.user_id, forged.address], ['conversations.list', '', '127.9.8.7']);
    const admin = await eventOf(stage, 403, { path: '/api/v1/admin/users', token: user.token });
    assert.deepEqual([admin.operation, admin.user_id], ['admin.users', user.id]);
    const login = { email: user.email, password: 'not the password of theirs' };
    const wrong = await eventOf(stage, 401, { method: 'POST', path: '/api/v1/auth/login', json: login });
    assert.equal(wrong.code, 'WRONG_CREDENTIALS');
    const from = address();
    const many = async () =>
        (await ask(stage.ports[0], { method: 'POST', path: '/api/v1/auth/login', json: login, from })).status;
    await eventually('the limit is reached', async () => (await many()) === 429, { within: 20_000 });
    await eventOf(stage, 429, { method: 'POST', path: '/api/v1/auth/login', json: login, from });
    for (const line of system.logged('gateway-1', 'security.refused'))
        for (const secret of [user.token, user.email, login.password, 'a.b.c'])
            assert.ok(!JSON.stringify(line).includes(secret), 'an event holds no secret');
});

test('a change of a credential leaves an event with its operation and account', async ({ system, ports, join }) => {
    const user = await join('pro');
    const made = await ask(ports[0], {
        method: 'POST',
        path: '/api/v1/api-keys',
        json: { name: 'one', scopes: ['read'] },
        token: user.token,
    });
    assert.equal(made.status, 201, made.text);
    const changes = () =>
        system.logged('gateway-1', 'auth.credential_changed').filter((one) => one.user_id === user.id);
    await eventually('its event is written', () => changes().length > 0);
    assert.deepEqual(
        changes().map((one) => one.operation),
        ['api_keys.create'],
    );
    assert.ok(!JSON.stringify(changes()).includes(made.json.data.key));
});

test('a refused handshake and a refused frame leave an event each', async ({ system, ports, join }) => {
    const user = await join();
    const events = () => system.logged('gateway-1', 'security.refused');
    const before = events().length;
    await Wire.rejection(ports[0], 'a.b.c');
    await eventually('the handshake has its event', () =>
        events()
            .slice(before)
            .some((one) => one.operation === 'websocket' && one.type === 'authn_fail'),
    );
    const wire = await Wire.open(ports[0], user.token);
    for (let i = 0; i < 400; ++i) wire.send('ping', {});
    await eventually('a frame over the limit has its event', () =>
        events().some(
            ({ operation, type, user_id }) =>
                operation === 'websocket.frame' && type === 'excess_rate_limit_exceeded' && user_id === user.id,
        ),
    );
    wire.end();
});
