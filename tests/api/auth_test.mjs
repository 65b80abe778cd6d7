// Signup, login and access tokens over two gateways, as an attacker would try them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { birthDate, password, withAccounts } from '../support/js/accounts.mjs';
import { ask, claimsOf, kidOf, rejected, signed } from '../support/js/raw.mjs';

const test = withAccounts();
const base64 = (text) => Buffer.from(text).toString('base64url');

test('AIRI-01 SAAS-01: signup creates one account per address in any letter case and grants no rights', async ({
    post,
    join,
    session,
}) => {
    const account = await join();
    const again = (email) => post('/auth/signup', { email, password, birth_date: birthDate });
    rejected(await again(account.email), 409, 'EMAIL_TAKEN');
    rejected(await again(account.email.toUpperCase()), 409, 'EMAIL_TAKEN');
    const { user } = (await session(account.token)).json.data;
    assert.deepEqual([user.role, user.plan, user.email], ['user', 'free', account.email]);
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
        rejected(await post('/auth/signup', { email, password }), 422, 'VALIDATION_FAILED', /\/email/);
    for (const wrong of ['', 'short', '1234567', 'x'.repeat(1025)])
        rejected(
            await post('/auth/signup', { email: 'new@example.com', password: wrong }),
            422,
            'VALIDATION_FAILED',
            /\/password/,
        );
    const twice = await Promise.all(Array.from({ length: 5 }, () => again(`${account.id}@example.com`)));
    assert.deepEqual(twice.map((one) => one.status).sort(), [201, 409, 409, 409, 409]);
});

test('AIRI-02 SAAS-01: a wrong password and an unknown address get the same error', async ({ post, login, join }) => {
    const account = await join();
    const wrong = await post('/auth/login', { email: account.email, password: 'wrong horse' });
    const unknown = await post('/auth/login', { email: `${crypto.randomUUID()}@example.com`, password: 'wrong horse' });
    rejected(wrong, 401, 'WRONG_CREDENTIALS');
    assert.deepEqual(unknown.json.error, wrong.json.error);
    for (const given of [`${password} `, password.toUpperCase(), password.slice(0, -1), '', "' or '1'='1"]) {
        assert.equal((await login({ email: account.email.toUpperCase() })).status, 200);
        rejected(await post('/auth/login', { email: account.email, password: given }), 401, 'WRONG_CREDENTIALS');
    }
});

test('SAAS-03: a forged, altered, expired or different kind of token is rejected', async ({
    system,
    join,
    rejectedEverywhere,
    session,
}) => {
    const [account, other] = [await join(), await join()];
    const secret = system.jwtSecret;
    const claims = claimsOf(account.token);
    const [head, body, signature] = account.token.split('.');
    const now = Math.floor(Date.now() / 1000);
    assert.equal(
        (await session(signed(secret, claims))).status,
        200,
        'a handmade token with the right secret is accepted',
    );

    await rejectedEverywhere(signed(secret, { ...claims, iat: now - 7200, exp: now - 1 }), 'TOKEN_EXPIRED');
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
        'a cut signature': account.token.slice(0, -2),
        'a signature flipped': `${head}.${body}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`,
        'no signature': `${head}.${body}.`,
        'no dots': account.token.replaceAll('.', ''),
        'two dots more': `${account.token}.x.y`,
        padded: `${account.token}=`,
        'another spelling of the signature': `${head}.${body}.${signature}=`,
        'not yet issued': signed(secret, { ...claims, iat: now + 3600, exp: now + 7200 }),
        'expires before it is issued': signed(secret, { ...claims, iat: now, exp: now - 60 }),
        'not yet valid': signed(secret, { ...claims, nbf: now + 3600 }),
        'exp as text': signed(secret, { ...claims, exp: '9999999999' }),
        'exp far away': signed(secret, { ...claims, exp: 1e300 }),
        'exp negative': signed(secret, { ...claims, exp: -1 }),
        'no exp': signed(secret, { ...claims, exp: undefined }),
        'another issuer': signed(secret, { ...claims, iss: 'https://other.example' }),
        'no issuer': signed(secret, { ...claims, iss: undefined }),
        'another audience': signed(secret, { ...claims, aud: 'other' }),
        'no audience': signed(secret, { ...claims, aud: undefined }),
        'another type': signed(secret, claims, { typ: 'JWT' }),
        'no type': signed(secret, claims, { typ: undefined }),
        'no sid': signed(secret, { ...claims, sid: undefined }),
        'no sub': signed(secret, { ...claims, sub: undefined }),
        'a sub that is SQL': signed(secret, { ...claims, sub: "' or 1=1" }),
        'claims that are a list': signed(secret, [claims]),
        'a sub of another user': signed(secret, { ...claims, sub: other.id }),
        'a session of another user': signed(secret, { ...claims, sid: claimsOf(other.token).sid }),
        'a session that does not exist': signed(secret, { ...claims, sid: crypto.randomUUID() }),
        'the refresh token': account.refresh,
        'very long': `${head}.${'a'.repeat(5_000)}.${signature}`,
        empty: 'x',
    };
    for (const [what, token] of Object.entries(forged))
        await rejectedEverywhere(token).catch((error) => assert.fail(`${what}: ${error.message}`));
    assert.equal((await session(account.token)).status, 200);
    assert.equal(
        (await session(signed(secret, { ...claims, role: 'admin' }))).json.data.user.role,
        'user',
        'the role is looked up',
    );
});

test('the Authorization header is parsed strictly', async ({ ports, join }) => {
    const account = await join();
    const get = (headers, path = '/api/v1/auth/session') => ask(ports[0], { path, headers });
    for (const value of [
        account.token,
        `Basic ${account.token}`,
        `Bearer  ${account.token}`,
        `Bearer\t${account.token}`,
        `Bearer ${account.token} x`,
        `Bearer ${account.token},Bearer x`,
        'Bearer',
        'Bearer ',
        `Token ${account.token}`,
    ])
        rejected(await get({ Authorization: value }), 401, 'UNAUTHENTICATED');
    assert.equal((await get({ Authorization: `bearer ${account.token}` })).status, 200);
    rejected(await get({ Cookie: `access_token=${account.token}` }), 401, 'UNAUTHENTICATED');
    for (const name of ['token', 'access_token', 'authorization'])
        rejected(await get({}, `/api/v1/auth/session?${name}=${account.token}`), 401, 'UNAUTHENTICATED');
});

test('the previous secret still verifies tokens, and no other secret does', async ({
    system,
    ports,
    join,
    session,
}) => {
    const account = await join();
    const secret = system.secret();
    await system.stop('gateway-2');
    await system.start('gateway-2', { JWT_SECRET: secret, JWT_SECRET_PREVIOUS: system.jwtSecret });
    assert.equal((await session(account.token, ports[1])).status, 200);
    assert.equal((await session(signed(secret, claimsOf(account.token)), ports[1])).status, 200);
    rejected(await session(signed(secret, claimsOf(account.token)), ports[0]), 401, 'UNAUTHENTICATED');
    await system.stop('gateway-2');
    await system.start('gateway-2', { JWT_SECRET: secret });
    rejected(await session(account.token, ports[1]), 401, 'UNAUTHENTICATED');
    await system.stop('gateway-2');
    await system.start('gateway-2');
});

test('no password or token appears in a log or in the database', async ({ system, join, login }) => {
    const account = await join();
    await login(account);
    for (const file of system.logFiles()) {
        const text = readFileSync(file, 'utf8');
        for (const secret of [password, account.token, account.refresh, system.jwtSecret])
            assert.ok(!text.includes(secret), file);
    }
    const [row] = await system.rows(
        `select u.password_hash, (select string_agg(t::text, ' ') from refresh_tokens t
         join sessions s on s.id = t.session_id where s.user_id = u.id) as tokens from users u
         where id = $1`,
        [account.id],
    );
    assert.match(row.password_hash, /^\$argon2id\$/);
    assert.ok(!row.tokens.includes(account.refresh));
});
