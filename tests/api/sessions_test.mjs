// Sessions over two gateways: refresh tokens, the maximum number, and how sessions end.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { password, withAccounts } from '../support/js/accounts.mjs';
import { ask, claimsOf, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts();

test('AIRI-04 SAAS-04: a refresh token rotates, repeats in its grace period and later ends the session', async ({
    system,
    ports,
    post,
    join,
    session,
    rejectedEverywhere,
}) => {
    const account = await join();
    const refresh = (refresh_token, port) => post('/auth/refresh', { refresh_token }, { port });
    for (const token of [
        account.token,
        'x',
        '',
        'a'.repeat(4_000),
        '"',
        `${account.refresh}x`,
        account.refresh.slice(1),
        `${account.refresh}\n`,
    ])
        rejected(await refresh(token), 401, 'INVALID_REFRESH_TOKEN');
    const rotations = await Promise.all(Array.from({ length: 10 }, (_, i) => refresh(account.refresh, ports[i % 2])));
    for (const one of rotations) assert.equal(one.status, 200, one.text);
    const next = rotations[0].json.data.refresh_token;
    assert.deepEqual(
        [...new Set(rotations.map((one) => one.json.data.refresh_token))],
        [next],
        'all get one successor',
    );
    assert.notEqual(next, account.refresh);
    assert.equal((await refresh(next)).status, 200);
    assert.equal((await refresh(account.refresh)).status, 200, 'within the grace period');
    const sockets = await Promise.all(ports.map((port) => Wire.open(port, account.token)));
    assert.equal((await session(account.token, ports[1])).status, 200);

    const later = async () =>
        system.rows(
            `update refresh_tokens set used_at = used_at - interval '11 seconds'
             where used_at is not null and session_id = $1`,
            [claimsOf(account.token).sid],
        );
    await later();
    rejected(await refresh(next), 401, 'INVALID_REFRESH_TOKEN');
    for (const socket of sockets) assert.equal(await socket.closed(2_000), 1008, socket.reason);
    await rejectedEverywhere(account.token, 'SESSION_ENDED');
    for (const token of [account.refresh, next]) rejected(await refresh(token), 401, 'INVALID_REFRESH_TOKEN');
    const [row] = await system.rows('select ended_why from sessions where id = $1', [claimsOf(account.token).sid]);
    assert.equal(row.ended_why, 'reuse');
    assert.equal(
        (await post('/auth/login', { email: account.email, password })).status,
        200,
        'the account can still log in',
    );
});

test('a session that is not used for session_idle_days ends, however long it would have lasted', async ({
    system,
    post,
    join,
    login,
    session,
}) => {
    const account = await join();
    const used = (await login(account)).json.data;
    const idle = (token, days) =>
        system.rows(
            `update sessions set last_used_at = now() - make_interval(days => $2),
                                 expires_at = now() + interval '90 days'
             where id = $1`,
            [claimsOf(token).sid, days],
        );
    await idle(used.access_token, 29);
    await idle(account.token, 31);
    assert.equal((await post('/auth/refresh', { refresh_token: used.refresh_token })).status, 200);
    rejected(await post('/auth/refresh', { refresh_token: account.refresh }), 401, 'INVALID_REFRESH_TOKEN');
    assert.equal((await session(used.access_token)).status, 200);
    const live = await system.rows('select id from sessions where user_id = $1 and expires_at > now()', [account.id]);
    assert.deepEqual(
        live.map((one) => one.id),
        [claimsOf(used.access_token).sid],
    );
});

test('SAAS-05: a fourth session ends the least recently used one on every gateway', async ({
    ports,
    join,
    login,
    session,
    rejectedEverywhere,
}) => {
    const account = await join();
    const tokens = [account.token];
    const first = await Wire.open(ports[1], account.token);
    for (let i = 0; i < 2; ++i) tokens.push((await login(account, { port: ports[i] })).json.data.access_token);
    for (const token of tokens) for (const port of ports) assert.equal((await session(token, port)).status, 200);
    tokens.push((await login(account)).json.data.access_token);
    assert.equal(await first.closed(2_000), 1008);
    await rejectedEverywhere(tokens[0], 'SESSION_ENDED');
    for (const token of tokens.slice(1))
        for (const port of ports) assert.equal((await session(token, port)).status, 200);
    const many = await Promise.all(Array.from({ length: 8 }, (_, i) => login(account, { port: ports[i % 2] })));
    for (const one of many) assert.equal(one.status, 200);
    const alive = async () =>
        (await Promise.all(many.map((one) => session(one.json.data.access_token)))).filter((one) => one.status === 200)
            .length;
    await eventually('three are left', async () => (await alive()) === 3);
});

test('AIRI-03 SAAS-04: logout ends its session at once on every gateway and no other session', async ({
    ports,
    post,
    join,
    login,
    session,
    rejectedEverywhere,
}) => {
    const account = await join();
    const remaining = (await login(account)).json.data.access_token;
    const sockets = await Promise.all(ports.map((port) => Wire.open(port, account.token)));
    const other = await Wire.open(ports[0], remaining);
    for (const port of ports)
        for (let i = 0; i < 4; ++i) assert.equal((await session(account.token, port)).status, 200);
    assert.equal((await post('/auth/logout', undefined, { token: account.token })).status, 200);
    await rejectedEverywhere(account.token, 'SESSION_ENDED');
    for (const socket of sockets) assert.equal(await socket.closed(2_000), 1008, 'policy violation');
    rejected(await post('/auth/refresh', { refresh_token: account.refresh }), 401, 'INVALID_REFRESH_TOKEN');
    rejected(await post('/auth/logout', undefined, { token: account.token }), 401, 'SESSION_ENDED');
    assert.equal((await session(remaining, ports[1])).status, 200);
    assert.equal((await other.reply('ping', {})).type, 'pong');
    other.end();
});

test('a session that ends while its sockets open leaves none of them open', async ({
    ports,
    post,
    join,
    login,
    session,
}) => {
    const account = await join();
    for (let round = 0; round < 15; ++round) {
        const token = (await login(account)).json.data.access_token;
        const wires = Array.from({ length: 12 }, (_, i) => new Wire(ports[i % 2], token, {}));
        const asked = Array.from({ length: 12 }, (_, i) => session(token, ports[i % 2]));
        await Promise.all([post('/auth/logout', undefined, { token }), ...asked]);
        for (const port of ports) rejected(await session(token, port), 401, 'SESSION_ENDED');
        // No frame is sent that would cause a lookup of the session.
        await eventually(
            'all are rejected or closed',
            () => wires.every((wire) => wire.rejection || wire.code !== null),
            {
                within: 5_000,
                describe: () => wires.map((wire) => wire.code ?? wire.rejection?.status ?? null),
            },
        );
        for (const wire of wires)
            assert.ok(wire.rejection?.status === 401 || wire.code === 1008, `${wire.rejection?.status} ${wire.code}`);
    }
});

test('AIRI-02: a missing user is unauthenticated; a banned or deleted one is rejected, also on a WebSocket', async ({
    system,
    ports,
    post,
    join,
    login,
}) => {
    for (const [change, code] of [
        ["update users set status = 'banned'", 'ACCOUNT_BANNED'],
        ["update users set status = 'suspended', status_until = now() + interval '1 hour'", 'ACCOUNT_SUSPENDED'],
        ["update users set status = 'deleted'", 'ACCOUNT_DELETED'],
        ['delete from users', null],
    ]) {
        const status = code ? 403 : 401;
        const account = await join();
        const wire = await Wire.open(ports[0], account.token);
        await system.rows(`${change} where id = $1`, [account.id]);
        await eventually(
            `the token is rejected: ${change}`,
            async () =>
                (
                    await Promise.all(
                        ports.map((port) => ask(port, { path: '/api/v1/auth/session', token: account.token })),
                    )
                ).every((one) => one.status === status),
            { within: 4_000 },
        );
        rejected(await Wire.rejection(ports[1], account.token), status, code ?? 'SESSION_ENDED');
        await eventually(
            'the WebSocket closes with the next checked frame',
            () => {
                if (wire.code === null) wire.send('ping', {});
                return wire.code;
            },
            { within: 4_000, every: 100 },
        );
        assert.equal(wire.code, 1008);
        rejected(await login(account), status, code ?? 'WRONG_CREDENTIALS');
        rejected(
            await post('/auth/refresh', { refresh_token: account.refresh }),
            status,
            code ?? 'INVALID_REFRESH_TOKEN',
        );
    }
});
