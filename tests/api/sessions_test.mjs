// Sessions over two gateways: refresh tokens, the most there may be, and their ends.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { password, withAccounts } from '../support/js/accounts.mjs';
import { ask, claimsOf, refused, Wire } from '../support/js/raw.mjs';

const test = withAccounts();

test('AIRI-04 SAAS-04: a refresh token is rotated; again in its grace it gives the same, later it ends the session', async ({
    system,
    ports,
    post,
    join,
    session,
    worthless,
}) => {
    const who = await join();
    const refresh = (refresh_token, port) => post('/auth/refresh', { refresh_token }, { port });
    for (const token of [
        who.token,
        'x',
        '',
        'a'.repeat(4_000),
        '"',
        `${who.refresh}x`,
        who.refresh.slice(1),
        `${who.refresh}\n`,
    ])
        refused(await refresh(token), 401, 'INVALID_REFRESH_TOKEN');
    const rotations = await Promise.all(Array.from({ length: 10 }, (_, i) => refresh(who.refresh, ports[i % 2])));
    for (const one of rotations) assert.equal(one.status, 200, one.text);
    const next = rotations[0].json.data.refresh_token;
    assert.deepEqual(
        [...new Set(rotations.map((one) => one.json.data.refresh_token))],
        [next],
        'all get one successor',
    );
    assert.notEqual(next, who.refresh);
    assert.equal((await refresh(next)).status, 200);
    assert.equal((await refresh(who.refresh)).status, 200, 'within the grace');
    const sockets = await Promise.all(ports.map((port) => Wire.open(port, who.token)));
    assert.equal((await session(who.token, ports[1])).status, 200);

    const later = async () =>
        system.rows(
            `update refresh_tokens set used_at = used_at - interval '11 seconds'
             where used_at is not null and session_id = $1`,
            [claimsOf(who.token).sid],
        );
    await later();
    refused(await refresh(next), 401, 'INVALID_REFRESH_TOKEN');
    for (const socket of sockets) assert.equal(await socket.closed(2_000), 1008, socket.reason);
    await worthless(who.token, 'SESSION_ENDED');
    for (const token of [who.refresh, next]) refused(await refresh(token), 401, 'INVALID_REFRESH_TOKEN');
    const [row] = await system.rows('select ended_why from sessions where id = $1', [claimsOf(who.token).sid]);
    assert.equal(row.ended_why, 'reuse');
    assert.equal(
        (await post('/auth/login', { email: who.email, password })).status,
        200,
        'the account itself is free to log in',
    );
});

test('SAAS-05: at most three sessions: the fourth ends the one used longest ago, on every gateway', async ({
    ports,
    join,
    login,
    session,
    worthless,
}) => {
    const who = await join();
    const tokens = [who.token];
    const first = await Wire.open(ports[1], who.token);
    for (let i = 0; i < 2; ++i) tokens.push((await login(who, { port: ports[i] })).json.data.access_token);
    for (const token of tokens) for (const port of ports) assert.equal((await session(token, port)).status, 200);
    tokens.push((await login(who)).json.data.access_token);
    assert.equal(await first.closed(2_000), 1008);
    await worthless(tokens[0], 'SESSION_ENDED');
    for (const token of tokens.slice(1))
        for (const port of ports) assert.equal((await session(token, port)).status, 200);
    const many = await Promise.all(Array.from({ length: 8 }, (_, i) => login(who, { port: ports[i % 2] })));
    for (const one of many) assert.equal(one.status, 200);
    const alive = async () =>
        (await Promise.all(many.map((one) => session(one.json.data.access_token)))).filter((one) => one.status === 200)
            .length;
    await eventually('three are left', async () => (await alive()) === 3);
});

test('AIRI-03 SAAS-04: logout ends the session at once, on every gateway, and no other', async ({
    ports,
    post,
    join,
    login,
    session,
    worthless,
}) => {
    const who = await join();
    const kept = (await login(who)).json.data.access_token;
    const sockets = await Promise.all(ports.map((port) => Wire.open(port, who.token)));
    const other = await Wire.open(ports[0], kept);
    for (const port of ports) for (let i = 0; i < 4; ++i) assert.equal((await session(who.token, port)).status, 200);
    assert.equal((await post('/auth/logout', undefined, { token: who.token })).status, 200);
    await worthless(who.token, 'SESSION_ENDED');
    for (const socket of sockets) assert.equal(await socket.closed(2_000), 1008, 'policy violation');
    refused(await post('/auth/refresh', { refresh_token: who.refresh }), 401, 'INVALID_REFRESH_TOKEN');
    refused(await post('/auth/logout', undefined, { token: who.token }), 401, 'SESSION_ENDED');
    assert.equal((await session(kept, ports[1])).status, 200);
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
    const who = await join();
    for (let round = 0; round < 15; ++round) {
        const token = (await login(who)).json.data.access_token;
        const wires = Array.from({ length: 12 }, (_, i) => new Wire(ports[i % 2], token, {}));
        const asked = Array.from({ length: 12 }, (_, i) => session(token, ports[i % 2]));
        await Promise.all([post('/auth/logout', undefined, { token }), ...asked]);
        for (const port of ports) refused(await session(token, port), 401, 'SESSION_ENDED');
        // Not a frame is sent that would have the session looked up.
        await eventually('all are refused or closed', () => wires.every((wire) => wire.refusal || wire.code !== null), {
            within: 5_000,
            describe: () => wires.map((wire) => wire.code ?? wire.refusal?.status ?? null),
        });
        for (const wire of wires)
            assert.ok(wire.refusal?.status === 401 || wire.code === 1008, `${wire.refusal?.status} ${wire.code}`);
    }
});

test('AIRI-02: a user who is gone is nobody, a banned or deleted one is told so, also on an open WebSocket', async ({
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
        const who = await join();
        const wire = await Wire.open(ports[0], who.token);
        await system.rows(`${change} where id = $1`, [who.id]);
        await eventually(
            `the token is worth nothing: ${change}`,
            async () =>
                (
                    await Promise.all(
                        ports.map((port) => ask(port, { path: '/api/v1/auth/session', token: who.token })),
                    )
                ).every((one) => one.status === status),
            { within: 4_000 },
        );
        refused(await Wire.refusal(ports[1], who.token), status, code ?? 'SESSION_ENDED');
        await eventually(
            'the WebSocket ends with the next frame that is looked at',
            () => {
                if (wire.code === null) wire.say('ping', {});
                return wire.code;
            },
            { within: 4_000, every: 100 },
        );
        assert.equal(wire.code, 1008);
        refused(await login(who), status, code ?? 'WRONG_CREDENTIALS');
        refused(await post('/auth/refresh', { refresh_token: who.refresh }), status, code ?? 'INVALID_REFRESH_TOKEN');
    }
});
