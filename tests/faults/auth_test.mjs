// Accounts, tokens and sessions over two gateways, as an attacker would try them.

import assert from 'node:assert/strict';

import { eventually } from '../system/wait.mjs';
import { ask, claimsOf, kidOf, refused, signed, Wire } from './raw.mjs';
import { onSystem } from './scenario.mjs';

const scenario = onSystem({ gateways: 2, gatewayEnv: { ADDRESS: '0.0.0.0', ENABLE_RATE_LIMITING: 'true' } });
const gateways = ['gateway-1', 'gateway-2'];
const password = 'correct horse battery staple';
const base64 = (text) => Buffer.from(text).toString('base64url');

let last = 256;
/// An address of the loopback network that nobody has used: rates are counted by address.
const address = () => `127.0.${++last >> 8}.${last & 255}`;

function on({ system }) {
    const ports = gateways.map((name) => system.program(name).port);
    const post = (path, json, more = {}) => ask(more.port ?? ports[0], { method: 'POST', path: `/api/v1${path}`, json, from: address(), ...more });
    const session = (token, port = ports[0]) => ask(port, { path: '/api/v1/auth/session', token });
    const login = (who, more) => post('/auth/login', { email: who.email, password }, more);
    return {
        system, ports, post, session, login,
        async join(plan) {
            const email = `${crypto.randomUUID()}@example.com`;
            const { status, json, text } = await post('/auth/signup', { email, password });
            assert.equal(status, 201, text);
            const { user, access_token: token, refresh_token: refresh } = json.data;
            if (plan) await system.rows('update users set plan = $2 where id = $1', [user.id, plan]);
            return { id: user.id, email, token, refresh };
        },
        /// The token is worth nothing at any gateway, for HTTP and WebSocket.
        async worthless(token, code) {
            for (const port of ports) {
                for (const path of ['/api/v1/auth/session', '/api/v1/conversations', '/v1/models']) {
                    const answer = await ask(port, { path, token });
                    refused(answer, 401, code);
                    assert.equal(answer.headers['www-authenticate'], 'Bearer');
                }
                refused(await Wire.refusal(port, token), 401, code);
                if (/^[\w.-]+$/.test(token)) refused(await Wire.refusal(port, null, { protocols: ['airi.v1', `bearer.${token}`] }), 401, code);
            }
        },
    };
}

const test = (name, act) => scenario(name, (stage) => act(on(stage)));

test('signup takes one account per address, whatever its case, and grants nothing that was not asked', async ({ post, join, session }) => {
    const who = await join();
    refused(await post('/auth/signup', { email: who.email, password }), 409, 'EMAIL_TAKEN');
    refused(await post('/auth/signup', { email: who.email.toUpperCase(), password }), 409, 'EMAIL_TAKEN');
    const { user } = (await session(who.token)).json.data;
    assert.deepEqual([user.role, user.plan, user.email], ['user', 'free', who.email]);
    for (const email of ['', 'a', '@', 'a@', '@b.c', 'a@b', 'a@b.', 'a@.b', 'a b@c.d', 'a@b@c.d', 'a@b.c\n', 'ä@b.c', 'a@exаmple.com', '<a@b.c>', 'a"@b.c', 'a,b@c.d', `${'a'.repeat(250)}@b.c`, 'a@b.c\u0000'])
        refused(await post('/auth/signup', { email, password }), 422, 'VALIDATION_FAILED', /\/email/);
    for (const wrong of ['', 'short', '1234567', 'x'.repeat(1025)])
        refused(await post('/auth/signup', { email: 'new@example.com', password: wrong }), 422, 'VALIDATION_FAILED', /\/password/);
    const twice = await Promise.all(Array.from({ length: 5 }, () => post('/auth/signup', { email: `${who.id}@example.com`, password })));
    assert.deepEqual(twice.map((one) => one.status).sort(), [201, 409, 409, 409, 409]);
});

test('a wrong password and an unknown address are told the same', async ({ post, login, join }) => {
    const who = await join();
    const wrong = await post('/auth/login', { email: who.email, password: 'wrong horse' });
    const unknown = await post('/auth/login', { email: 'nobody@example.com', password: 'wrong horse' });
    refused(wrong, 401, 'WRONG_CREDENTIALS');
    assert.deepEqual(unknown.json.error, wrong.json.error);
    for (const given of [`${password} `, password.toUpperCase(), password.slice(0, -1), '', "' or '1'='1"]) refused(await post('/auth/login', { email: who.email, password: given }), 401, 'WRONG_CREDENTIALS');
    assert.equal((await login({ email: who.email.toUpperCase() })).status, 200);
});

test('a token that is forged, changed, expired or of another kind is worth nothing', async ({ system, join, worthless, session }) => {
    const [who, other] = [await join(), await join()];
    const secret = system.jwtSecret;
    const claims = claimsOf(who.token);
    const [head, body, signature] = who.token.split('.');
    const now = Math.floor(Date.now() / 1000);
    assert.equal((await session(signed(secret, claims))).status, 200, 'a token made by hand with the right secret is taken');

    await worthless(signed(secret, { ...claims, iat: now - 7200, exp: now - 1 }), 'TOKEN_EXPIRED');
    const none = (alg) => `${base64(JSON.stringify({ alg, typ: 'JWT' }))}.${body}.`;
    const forged = {
        'alg none': none('none'), 'alg None': none('None'), 'alg none, signed': `${base64('{"alg":"none","typ":"JWT"}')}.${body}.${signature}`,
        'alg empty': none(''), 'no alg': `${base64('{"typ":"JWT"}')}.${body}.${signature}`,
        'alg HS512': signed(secret, claims, { alg: 'HS512' }, 'sha512'), 'alg HS256 said, SHA-512 used': signed(secret, claims, {}, 'sha512'), 'alg RS256': signed(secret, claims, { alg: 'RS256' }),
        'another secret': signed('x'.repeat(48), claims), 'another secret under our kid': signed('x'.repeat(48), claims, { kid: kidOf(secret) }), 'the kid as secret': signed(kidOf(secret), claims, { kid: kidOf(secret) }),
        'another kid': signed(secret, claims, { kid: 'other' }), 'a kid that is a path': signed('', claims, { kid: '../../dev/null' }), 'a kid that is SQL': signed('x', claims, { kid: "' union select 'x" }), 'no kid': signed(secret, claims, { kid: undefined }),
        'a kid that is no text': signed(secret, claims, { kid: [kidOf(secret)] }), 'jwk in the header': signed(secret, claims, { jwk: { kty: 'oct', k: 'eA' } }), 'crit in the header': signed(secret, claims, { crit: ['x'] }),
        'a changed role': `${head}.${base64(JSON.stringify({ ...claims, role: 'admin' }))}.${signature}`, 'a cut signature': who.token.slice(0, -2), 'a signature flipped': `${head}.${body}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`,
        'no signature': `${head}.${body}.`, 'no dots': who.token.replaceAll('.', ''), 'two dots more': `${who.token}.x.y`, 'padded': `${who.token}=`, 'another spelling of the signature': `${head}.${body}.${signature.replaceAll('-', '+').replaceAll('_', '/')}=`,
        'not yet issued': signed(secret, { ...claims, iat: now + 3600, exp: now + 7200 }), 'expires before it is issued': signed(secret, { ...claims, iat: now, exp: now - 60 }), 'not yet valid': signed(secret, { ...claims, nbf: now + 3600 }),
        'exp as text': signed(secret, { ...claims, exp: '9999999999' }), 'exp far away': signed(secret, { ...claims, exp: 1e300 }), 'exp negative': signed(secret, { ...claims, exp: -1 }), 'no exp': signed(secret, { ...claims, exp: undefined }),
        'no sid': signed(secret, { ...claims, sid: undefined }), 'no sub': signed(secret, { ...claims, sub: undefined }), 'a sub that is SQL': signed(secret, { ...claims, sub: "' or 1=1" }), 'claims that are a list': signed(secret, [claims]),
        'a sub of another user': signed(secret, { ...claims, sub: other.id }), 'a session of another user': signed(secret, { ...claims, sid: claimsOf(other.token).sid }), 'a session that does not exist': signed(secret, { ...claims, sid: crypto.randomUUID() }),
        'the refresh token': who.refresh, 'very long': `${head}.${'a'.repeat(5_000)}.${signature}`, empty: 'x',
    };
    for (const [what, token] of Object.entries(forged)) await worthless(token).catch((error) => assert.fail(`${what}: ${error.message}`));
    assert.equal((await session(who.token)).status, 200);
    assert.equal((await session(signed(secret, { ...claims, role: 'admin' }))).json.data.user.role, 'user', 'the role is looked up');
});

test('the Authorization header is read strictly', async ({ ports, join }) => {
    const who = await join();
    const get = (headers, path = '/api/v1/auth/session') => ask(ports[0], { path, headers });
    for (const value of [who.token, `Basic ${who.token}`, `Bearer  ${who.token}`, `Bearer\t${who.token}`, `Bearer ${who.token} x`, `Bearer ${who.token},Bearer x`, 'Bearer', 'Bearer ', `Token ${who.token}`])
        refused(await get({ Authorization: value }), 401, 'UNAUTHENTICATED');
    assert.equal((await get({ Authorization: `bearer ${who.token}` })).status, 200);
    refused(await get({ Cookie: `access_token=${who.token}` }), 401, 'UNAUTHENTICATED');
    for (const name of ['token', 'access_token', 'authorization']) refused(await get({}, `/api/v1/auth/session?${name}=${who.token}`), 401, 'UNAUTHENTICATED');
});

test('a refresh token is rotated, again within its grace gives the same, and after it ends the whole session', async ({ system, ports, post, join, session, worthless }) => {
    const who = await join();
    const refresh = (refresh_token, port) => post('/auth/refresh', { refresh_token }, { port });
    for (const token of [who.token, 'x', '', 'a'.repeat(4_000), '"', `${who.refresh}x`, who.refresh.slice(1), `${who.refresh}\n`])
        refused(await refresh(token), 401, 'INVALID_REFRESH_TOKEN');
    const rotations = await Promise.all(Array.from({ length: 10 }, (_, i) => refresh(who.refresh, ports[i % 2])));
    for (const one of rotations) assert.equal(one.status, 200, one.text);
    const next = rotations[0].json.data.refresh_token;
    assert.deepEqual([...new Set(rotations.map((one) => one.json.data.refresh_token))], [next], 'all get one successor');
    assert.notEqual(next, who.refresh);
    assert.equal((await refresh(next)).status, 200);
    assert.equal((await refresh(who.refresh)).status, 200, 'within the grace');
    const sockets = await Promise.all(ports.map((port) => Wire.open(port, who.token)));
    assert.equal((await session(who.token, ports[1])).status, 200);

    const later = async () => system.rows("update refresh_tokens set used_at = used_at - interval '11 seconds' where used_at is not null and session_id = $1", [claimsOf(who.token).sid]);
    await later();
    const newest = (await refresh((await refresh(next).catch(() => null))?.json?.data?.refresh_token ?? next)).json;
    assert.equal(newest.success, false, 'a used token after its grace');
    for (const socket of sockets) assert.equal(await socket.closed(2_000), 1008, socket.reason);
    await worthless(who.token, 'SESSION_ENDED');
    for (const token of [who.refresh, next]) refused(await refresh(token), 401, 'INVALID_REFRESH_TOKEN');
    const [row] = await system.rows('select ended_why from sessions where id = $1', [claimsOf(who.token).sid]);
    assert.equal(row.ended_why, 'reuse');
    assert.equal((await post('/auth/login', { email: who.email, password })).status, 200, 'the account itself is free to log in');
});

test('at most three sessions: the fourth ends the one used longest ago, on every gateway', async ({ ports, join, login, session, worthless }) => {
    const who = await join();
    const tokens = [who.token];
    const first = await Wire.open(ports[1], who.token);
    for (let i = 0; i < 2; ++i) tokens.push((await login(who, { port: ports[i] })).json.data.access_token);
    for (const token of tokens) for (const port of ports) assert.equal((await session(token, port)).status, 200);
    tokens.push((await login(who)).json.data.access_token);
    assert.equal(await first.closed(2_000), 1008);
    await worthless(tokens[0], 'SESSION_ENDED');
    for (const token of tokens.slice(1)) for (const port of ports) assert.equal((await session(token, port)).status, 200);
    const many = await Promise.all(Array.from({ length: 8 }, (_, i) => login(who, { port: ports[i % 2] })));
    for (const one of many) assert.equal(one.status, 200);
    const alive = async () => (await Promise.all(many.map((one) => session(one.json.data.access_token)))).filter((one) => one.status === 200).length;
    await eventually('three are left', async () => (await alive()) === 3);
});

test('logout ends the session at once, on every gateway, and no other', async ({ ports, post, join, login, session, worthless }) => {
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

test('a session that ends while its sockets open leaves none of them open, and none of its lookups behind', async ({ ports, post, join, login, session }) => {
    const who = await join();
    for (let round = 0; round < 15; ++round) {
        const token = (await login(who)).json.data.access_token;
        const wires = Array.from({ length: 12 }, (_, i) => new Wire(ports[i % 2], token, {}));
        const asked = Array.from({ length: 12 }, (_, i) => session(token, ports[i % 2]));
        await Promise.all([post('/auth/logout', undefined, { token }), ...asked]);
        for (const port of ports) refused(await session(token, port), 401, 'SESSION_ENDED');
        // Not a frame is sent that would have the session looked up.
        await eventually('all are refused or closed', () => wires.every((wire) => wire.refusal || wire.code !== null), { within: 5_000, describe: () => wires.map((wire) => wire.code ?? wire.refusal?.status ?? null) });
        for (const wire of wires) assert.ok(wire.refusal?.status === 401 || wire.code === 1008, `${wire.refusal?.status} ${wire.code}`);
    }
});

test('a user who is banned, deleted or gone is nobody, also on an open WebSocket', async ({ system, ports, post, join, login }) => {
    for (const [change, code] of [["update users set status = 'banned'", 403], ["update users set status = 'suspended', status_until = now() + interval '1 hour'", 403], ["update users set status = 'deleted'", 403], ['delete from users', 401]]) {
        const who = await join();
        const wire = await Wire.open(ports[0], who.token);
        await system.rows(`${change} where id = $1`, [who.id]);
        await eventually(`the token is worth nothing: ${change}`, async () =>
            (await Promise.all(ports.map((port) => ask(port, { path: '/api/v1/auth/session', token: who.token })))).every((one) => one.status === 401), { within: 4_000 });
        refused(await Wire.refusal(ports[1], who.token), 401, 'SESSION_ENDED');
        await eventually('the WebSocket ends with the next frame that is looked at', () => {
            if (wire.code === null) wire.say('ping', {});
            return wire.code;
        }, { within: 4_000, every: 100 });
        assert.equal(wire.code, 1008);
        refused(await login(who), code);
        refused(await post('/auth/refresh', { refresh_token: who.refresh }), 401, 'INVALID_REFRESH_TOKEN');
    }
});

test('the previous secret still verifies, and no other', async ({ system, ports, join, session }) => {
    const who = await join();
    const secret = system.secret();
    await system.stop('gateway-2');
    await system.start('gateway-2', { JWT_SECRET: secret, JWT_SECRET_PREVIOUS: system.jwtSecret });
    assert.equal((await session(who.token, ports[1])).status, 200);
    assert.equal((await session(signed(secret, claimsOf(who.token)), ports[1])).status, 200);
    refused(await session(signed(secret, claimsOf(who.token)), ports[0]), 401, 'UNAUTHENTICATED');
    await system.stop('gateway-2');
    await system.start('gateway-2', { JWT_SECRET: secret });
    refused(await session(who.token, ports[1]), 401, 'UNAUTHENTICATED');
    await system.stop('gateway-2');
    await system.start('gateway-2');
});

test('no password and no token is in a log, nor in the database', async ({ system, join, login }) => {
    const who = await join();
    await login(who);
    const { readFileSync } = await import('node:fs');
    for (const file of system.logFiles()) {
        const text = readFileSync(file, 'utf8');
        for (const secret of [password, who.token, who.refresh, system.jwtSecret]) assert.ok(!text.includes(secret), file);
    }
    const [row] = await system.rows('select u.password_hash, (select string_agg(t::text, \' \') from refresh_tokens t join sessions s on s.id = t.session_id where s.user_id = u.id) as tokens from users u where id = $1', [who.id]);
    assert.match(row.password_hash, /^\$argon2id\$/);
    assert.ok(!row.tokens.includes(who.refresh));
});
