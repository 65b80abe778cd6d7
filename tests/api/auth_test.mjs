// Signup, login and access tokens over two gateways, as an attacker would try them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { password, withAccounts } from '../support/js/accounts.mjs';
import { ask, claimsOf, kidOf, refused, signed } from '../support/js/raw.mjs';

const test = withAccounts();
const base64 = (text) => Buffer.from(text).toString('base64url');

test('AIRI-01 SAAS-01: signup takes one account per address, whatever its case, and grants nothing', async ({
    post,
    join,
    session,
}) => {
    const who = await join();
    refused(await post('/auth/signup', { email: who.email, password }), 409, 'EMAIL_TAKEN');
    refused(await post('/auth/signup', { email: who.email.toUpperCase(), password }), 409, 'EMAIL_TAKEN');
    const { user } = (await session(who.token)).json.data;
    assert.deepEqual([user.role, user.plan, user.email], ['user', 'free', who.email]);
    for (const email of [
        '',
        'a',
        '@',
        'a@',
        '@b.c',
        'a@b',
        'a@b.',
        'a@.b',
        'a b@c.d',
        'a@b@c.d',
        'a@b.c\n',
        'ä@b.c',
        'a@exаmple.com',
        '<a@b.c>',
        'a"@b.c',
        'a,b@c.d',
        `${'a'.repeat(250)}@b.c`,
        'a@b.c\u0000',
    ])
        refused(await post('/auth/signup', { email, password }), 422, 'VALIDATION_FAILED', /\/email/);
    for (const wrong of ['', 'short', '1234567', 'x'.repeat(1025)])
        refused(
            await post('/auth/signup', { email: 'new@example.com', password: wrong }),
            422,
            'VALIDATION_FAILED',
            /\/password/,
        );
    const twice = await Promise.all(
        Array.from({ length: 5 }, () => post('/auth/signup', { email: `${who.id}@example.com`, password })),
    );
    assert.deepEqual(twice.map((one) => one.status).sort(), [201, 409, 409, 409, 409]);
});

test('AIRI-02 SAAS-01: a wrong password and an unknown address are told the same', async ({ post, login, join }) => {
    const who = await join();
    const wrong = await post('/auth/login', { email: who.email, password: 'wrong horse' });
    const unknown = await post('/auth/login', { email: `${crypto.randomUUID()}@example.com`, password: 'wrong horse' });
    refused(wrong, 401, 'WRONG_CREDENTIALS');
    assert.deepEqual(unknown.json.error, wrong.json.error);
    for (const given of [`${password} `, password.toUpperCase(), password.slice(0, -1), '', "' or '1'='1"]) {
        assert.equal((await login({ email: who.email.toUpperCase() })).status, 200);
        refused(await post('/auth/login', { email: who.email, password: given }), 401, 'WRONG_CREDENTIALS');
    }
});

test('SAAS-03: a token that is forged, changed, expired or of another kind is worth nothing', async ({
    system,
    join,
    worthless,
    session,
}) => {
    const [who, other] = [await join(), await join()];
    const secret = system.jwtSecret;
    const claims = claimsOf(who.token);
    const [head, body, signature] = who.token.split('.');
    const now = Math.floor(Date.now() / 1000);
    assert.equal(
        (await session(signed(secret, claims))).status,
        200,
        'a token made by hand with the right secret is taken',
    );

    await worthless(signed(secret, { ...claims, iat: now - 7200, exp: now - 1 }), 'TOKEN_EXPIRED');
    const none = (alg) => `${base64(JSON.stringify({ alg, typ: 'JWT' }))}.${body}.`;
    const forged = {
        'alg none': none('none'),
        'alg None': none('None'),
        'alg none, signed': `${base64('{"alg":"none","typ":"JWT"}')}.${body}.${signature}`,
        'alg empty': none(''),
        'no alg': `${base64('{"typ":"JWT"}')}.${body}.${signature}`,
        'alg HS512': signed(secret, claims, { alg: 'HS512' }, 'sha512'),
        'alg HS256 said, SHA-512 used': signed(secret, claims, {}, 'sha512'),
        'alg RS256': signed(secret, claims, { alg: 'RS256' }),
        'another secret': signed('x'.repeat(48), claims),
        'another secret under our kid': signed('x'.repeat(48), claims, { kid: kidOf(secret) }),
        'the kid as secret': signed(kidOf(secret), claims, { kid: kidOf(secret) }),
        'another kid': signed(secret, claims, { kid: 'other' }),
        'a kid that is a path': signed('', claims, { kid: '../../dev/null' }),
        'a kid that is SQL': signed('x', claims, { kid: "' union select 'x" }),
        'no kid': signed(secret, claims, { kid: undefined }),
        'a kid that is no text': signed(secret, claims, { kid: [kidOf(secret)] }),
        'jwk in the header': signed(secret, claims, { jwk: { kty: 'oct', k: 'eA' } }),
        'crit in the header': signed(secret, claims, { crit: ['x'] }),
        'a changed role': `${head}.${base64(JSON.stringify({ ...claims, role: 'admin' }))}.${signature}`,
        'a cut signature': who.token.slice(0, -2),
        'a signature flipped': `${head}.${body}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`,
        'no signature': `${head}.${body}.`,
        'no dots': who.token.replaceAll('.', ''),
        'two dots more': `${who.token}.x.y`,
        padded: `${who.token}=`,
        'another spelling of the signature': `${head}.${body}.${signature}=`,
        'not yet issued': signed(secret, { ...claims, iat: now + 3600, exp: now + 7200 }),
        'expires before it is issued': signed(secret, { ...claims, iat: now, exp: now - 60 }),
        'not yet valid': signed(secret, { ...claims, nbf: now + 3600 }),
        'exp as text': signed(secret, { ...claims, exp: '9999999999' }),
        'exp far away': signed(secret, { ...claims, exp: 1e300 }),
        'exp negative': signed(secret, { ...claims, exp: -1 }),
        'no exp': signed(secret, { ...claims, exp: undefined }),
        'no sid': signed(secret, { ...claims, sid: undefined }),
        'no sub': signed(secret, { ...claims, sub: undefined }),
        'a sub that is SQL': signed(secret, { ...claims, sub: "' or 1=1" }),
        'claims that are a list': signed(secret, [claims]),
        'a sub of another user': signed(secret, { ...claims, sub: other.id }),
        'a session of another user': signed(secret, { ...claims, sid: claimsOf(other.token).sid }),
        'a session that does not exist': signed(secret, { ...claims, sid: crypto.randomUUID() }),
        'the refresh token': who.refresh,
        'very long': `${head}.${'a'.repeat(5_000)}.${signature}`,
        empty: 'x',
    };
    for (const [what, token] of Object.entries(forged))
        await worthless(token).catch((error) => assert.fail(`${what}: ${error.message}`));
    assert.equal((await session(who.token)).status, 200);
    assert.equal(
        (await session(signed(secret, { ...claims, role: 'admin' }))).json.data.user.role,
        'user',
        'the role is looked up',
    );
});

test('the Authorization header is read strictly', async ({ ports, join }) => {
    const who = await join();
    const get = (headers, path = '/api/v1/auth/session') => ask(ports[0], { path, headers });
    for (const value of [
        who.token,
        `Basic ${who.token}`,
        `Bearer  ${who.token}`,
        `Bearer\t${who.token}`,
        `Bearer ${who.token} x`,
        `Bearer ${who.token},Bearer x`,
        'Bearer',
        'Bearer ',
        `Token ${who.token}`,
    ])
        refused(await get({ Authorization: value }), 401, 'UNAUTHENTICATED');
    assert.equal((await get({ Authorization: `bearer ${who.token}` })).status, 200);
    refused(await get({ Cookie: `access_token=${who.token}` }), 401, 'UNAUTHENTICATED');
    for (const name of ['token', 'access_token', 'authorization'])
        refused(await get({}, `/api/v1/auth/session?${name}=${who.token}`), 401, 'UNAUTHENTICATED');
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
    for (const file of system.logFiles()) {
        const text = readFileSync(file, 'utf8');
        for (const secret of [password, who.token, who.refresh, system.jwtSecret])
            assert.ok(!text.includes(secret), file);
    }
    const [row] = await system.rows(
        `select u.password_hash, (select string_agg(t::text, ' ') from refresh_tokens t
         join sessions s on s.id = t.session_id where s.user_id = u.id) as tokens from users u
         where id = $1`,
        [who.id],
    );
    assert.match(row.password_hash, /^\$argon2id\$/);
    assert.ok(!row.tokens.includes(who.refresh));
});
