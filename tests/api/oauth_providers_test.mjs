// Faults of identity providers: forged tokens, new keys, failing servers; the wire formats of Discord and Apple.

import assert from 'node:assert/strict';
import { createHash, randomUUID, verify } from 'node:crypto';

import { jwt, keyPair } from '../support/js/identity_providers.mjs';
import { api, redirect, withIdentities } from '../support/js/identities.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withIdentities();
const fresh = () => `${randomUUID()}@example.com`;
const person = () => ({ sub: randomUUID(), email: fresh(), email_verified: true });

test('a token that is forged, expired or issued for another client or sign-in is rejected', async ({
    system,
    google,
    scriptedFlow,
    callback,
    post,
}) => {
    const good = await callback(await scriptedFlow(person()));
    assert.equal(good.status, 200, good.text);
    const now = Math.floor(Date.now() / 1000);
    const [known] = google.keys;
    const foreign = keyPair(known.kid);
    const wrong = {
        nonce: [{ nonce: 'another' }],
        'no nonce': [{ nonce: undefined }],
        audience: [{ aud: 'airi.other' }],
        'another party': [{ azp: 'airi.other' }],
        "an app's audience on the web": [{ aud: 'airi.android' }],
        'many audiences': [{ aud: ['airi.google', 'airi.other'] }],
        issuer: [{ iss: 'https://accounts.google.com' }],
        expired: [{ iat: now - 500, exp: now - 100 }],
        future: [{ iat: now + 300, exp: now + 600 }],
        'no end': [{ exp: undefined }],
        'no subject': [{ sub: undefined }],
        'a number': [{ sub: 7 }],
        long: [{ sub: 'x'.repeat(256) }],
        none: [{}, { header: { alg: 'none' } }],
        'HS256 with the public key': [{}, { header: { alg: 'HS256' } }],
        ES256: [{}, { header: { alg: 'ES256' } }],
        'a foreign key by a known name': [{}, { key: foreign }],
        critical: [{}, { header: { crit: ['exp'] } }],
        'a foreign key of its own': [
            {},
            { key: keyPair('foreign'), header: { jwk: keyPair('foreign').jwk, jku: `${google.issuer}/keys` } },
        ],
    };
    for (const [what, [claims, options]] of Object.entries(wrong)) {
        const answer = await callback(await scriptedFlow({ ...person(), ...claims }, options));
        assert.equal(answer.json?.error?.code, 'IDENTITY_REFUSED', `${what}: ${answer.status} ${answer.text}`);
        assert.equal(answer.status, 401);
    }
    const [{ n }] = await system.rows("select count(*)::int as n from user_identities where provider = 'google'");
    assert.equal(n, 1);
    // An app's token is only valid for the app.
    const raw = randomUUID();
    const nonce = createHash('sha256').update(raw).digest('hex');
    const appToken = (claims) =>
        jwt(known, { iss: google.issuer, aud: 'airi.ios', nonce, iat: now, exp: now + 300, ...person(), ...claims });
    assert.equal((await post('/auth/oauth/google/id-token', { id_token: appToken({}), nonce: raw })).status, 200);
    rejected(
        await post('/auth/oauth/google/id-token', { id_token: appToken({ nonce: raw }), nonce: raw }),
        401,
        'IDENTITY_REFUSED',
    );
    rejected(
        await post('/auth/oauth/google/id-token', { id_token: appToken({ aud: 'airi.windows' }), nonce: raw }),
        401,
        'IDENTITY_REFUSED',
    );
});

test("an unknown key id refreshes the provider's keys at most once a minute", async ({
    google,
    scriptedFlow,
    callback,
    system,
}) => {
    await system.stop('oauth-1');
    await system.start('oauth-1');
    const fetched = () => google.requests.filter(({ path }) => path === '/keys').length;
    google.requests.length = 0;
    const next = keyPair('second', 'ES256');
    google.keys = [next, ...google.keys];
    assert.equal((await callback(await scriptedFlow(person(), { key: next }))).status, 200);
    assert.equal(fetched(), 1);
    for (let i = 0; i < 4; ++i)
        rejected(
            await callback(await scriptedFlow(person(), { key: keyPair(`invented ${i}`, 'ES256') })),
            401,
            'IDENTITY_REFUSED',
        );
    assert.equal(fetched(), 1);
    assert.equal(
        (await callback(await scriptedFlow(person(), { key: google.keys[1] }))).status,
        200,
        'the old key is still valid',
    );
});

test('a provider failure is reported quickly, and the same callback can be retried', async ({
    google,
    scriptedFlow,
    callback,
}) => {
    const flow = await scriptedFlow(person());
    const good = google.pages['/token'];
    const trouble = {
        500: (_, __, answer) => void answer.writeHead(500).end('{}'),
        'a page': (_, __, answer) =>
            void answer.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>sign in</html>'),
        nothing: (_, __, answer) => void answer.writeHead(200).end(),
        'a redirect': (_, __, answer) => void answer.writeHead(302, { Location: `${google.issuer}/elsewhere` }).end(),
        'far too much': (_, __, answer) => void answer.writeHead(200).end(' '.repeat(3_000_000)),
        'half of it': (_, __, answer) =>
            void (
                answer.writeHead(200, { 'Content-Length': '100' }).write('{'),
                setTimeout(() => answer.destroy(), 50)
            ),
        'a reset': (_, __, answer) => void answer.socket.destroy(),
        silence: () => {},
    };
    for (const [what, page] of Object.entries(trouble)) {
        google.pages['/token'] = page;
        const begun = Date.now();
        const answer = await callback(flow);
        assert.equal(answer.json?.error?.code, 'PROVIDER_UNAVAILABLE', `${what}: ${answer.status} ${answer.text}`);
        assert.equal(answer.status, 503);
        assert.ok(answer.headers['retry-after']);
        assert.ok(Date.now() - begun < 9_000, `${what}: ${Date.now() - begun} ms`);
    }
    assert.equal(
        google.requests.filter(({ path }) => path === '/elsewhere').length,
        0,
        'no secret is sent to a redirect',
    );
    await google.down();
    assert.equal((await callback(flow)).json.error.code, 'PROVIDER_UNAVAILABLE');
    await google.up();
    google.pages['/token'] = good;
    assert.equal((await callback(flow)).status, 200);
});

test('a provider that does not name itself has a redirect URI of its own, which names it', async ({
    ports,
    google,
    openid,
    start,
    callback,
}) => {
    const back = (provider, query) =>
        ask(ports[1], { path: `/api/v1/auth/oauth/${provider}/return?${new URLSearchParams(query)}` });
    const { url, parameters, state, binding } = await start('google');
    assert.equal(parameters.redirect_uri, `${api}/api/v1/auth/oauth/google/return`);
    const code = google.issueCode(url, person());
    // Mixed up: another provider's response, and one whose issuer the response claims itself.
    for (const [provider, more] of [
        ['discord', {}],
        ['oidc', { iss: google.issuer }],
    ]) {
        const to = new URL((await back(provider, { state, code, ...more })).headers.location);
        assert.notEqual(to.searchParams.get('iss'), google.issuer);
        const iss = to.searchParams.get('iss');
        rejected(await callback({ state, binding, code, iss }), 400, 'FLOW_INVALID');
    }
    rejected(await callback({ state, binding, code }), 422, 'VALIDATION_FAILED', /iss/);
    const there = await back('google', { code, state, session_state: 'x' });
    assert.equal(there.status, 303, there.text);
    const to = new URL(there.headers.location);
    assert.equal(to.origin + to.pathname, redirect);
    assert.deepEqual(Object.fromEntries(to.searchParams), { state, code, iss: google.issuer });
    assert.equal((await callback({ state, binding, code, iss: to.searchParams.get('iss') })).status, 200);
    rejected(await back('google', { code }), 400);
    rejected(await back('unknown', { state, code }), 404);
    assert.equal((await start('oidc')).parameters.redirect_uri, redirect, `${openid.issuer} sends iss (RFC 9207)`);
});

test('SAAS-02: Discord signs in through its own wire format', async ({ discord, start, callback }) => {
    const { url, parameters, state, binding } = await start('discord');
    assert.ok(url.startsWith(`${discord.issuer}/oauth2/authorize?`));
    assert.deepEqual(
        [parameters.client_id, parameters.scope, parameters.response_type, parameters.redirect_uri],
        ['1234567890', 'identify email', 'code', `${api}/api/v1/auth/oauth/discord/return`],
    );
    assert.equal(parameters.nonce, undefined);
    const email = fresh();
    const me = {
        id: '80351110224678912',
        username: 'nelly',
        discriminator: '0',
        global_name: 'Nelly',
        avatar: null,
        verified: true,
        email,
        flags: 64,
    };
    discord.pages['/api/oauth2/token'] = (request, body, answer) => {
        const basic = Buffer.from(request.headers.authorization.slice(6), 'base64').toString();
        if (
            basic !== '1234567890:of%20discord' ||
            body.get('code') !== 'NhhvTDYsFcdgNLnnLijcl7Ku7bEEeee' ||
            body.get('redirect_uri') !== parameters.redirect_uri
        )
            return void answer
                .writeHead(400, { 'Content-Type': 'application/json' })
                .end('{"error":"invalid_grant","error_description":"Invalid \\"code\\" in request."}');
        return {
            token_type: 'Bearer',
            access_token: '6qrZcUqja7812RVdnEKjpzOL4CvHBFG',
            expires_in: 604_800,
            refresh_token: 'D43f5y0ahjqew82jZ4NViEr2YafMKhue',
            scope: 'identify email',
        };
    };
    discord.pages['/api/v10/users/@me'] = (request, _, answer) =>
        request.headers.authorization === 'Bearer 6qrZcUqja7812RVdnEKjpzOL4CvHBFG'
            ? me
            : void answer.writeHead(401).end('{"message":"401: Unauthorized","code":0}');
    const code = 'NhhvTDYsFcdgNLnnLijcl7Ku7bEEeee';
    const iss = discord.issuer;
    const done = await callback({ state, binding, code, iss });
    assert.equal(done.status, 200, done.text);
    assert.deepEqual([done.json.data.user.email, done.json.data.user.display_name], [email, 'Nelly']);
    Object.assign(me, { id: '80351110224678913', email: fresh(), verified: false });
    const second = await start('discord');
    rejected(await callback({ state: second.state, binding: second.binding, code, iss }), 403, 'EMAIL_UNVERIFIED');
    const third = await start('discord');
    rejected(await callback({ state: third.state, binding: third.binding, code: 'x', iss }), 401, 'IDENTITY_REFUSED');
});

test('SAAS-02: Apple posts its callback as a form and receives a client secret signed with our key', async ({
    ports,
    apple,
    appleKey,
    start,
    callback,
}) => {
    const { url, parameters, state, binding } = await start('apple');
    assert.deepEqual(
        [parameters.response_mode, parameters.scope, parameters.redirect_uri],
        ['form_post', 'openid email name', `${api}/api/v1/auth/oauth/apple/return`],
    );
    const code = apple.issueCode(url, { ...person(), email_verified: 'true', is_private_email: 'true' });
    const good = apple.pages['/token'];
    let secret;
    apple.pages['/token'] = (request, body, answer) => {
        secret = body.get('client_secret');
        assert.equal(body.get('redirect_uri'), parameters.redirect_uri);
        return good(request, body, answer);
    };
    const form = (body, type = 'application/x-www-form-urlencoded') =>
        ask(ports[1], {
            method: 'POST',
            path: '/api/v1/auth/oauth/apple/return',
            body,
            headers: { 'Content-Type': type, Origin: 'https://appleid.apple.com' },
        });
    const user = encodeURIComponent('{"name":{"firstName":"Ada","lastName":"L"},"email":"a@b.c"}');
    const back = await form(`state=${state}&code=${code}&user=${user}`);
    assert.equal(back.status, 303, back.text);
    const named = `iss=${encodeURIComponent(apple.issuer)}`;
    assert.equal(back.headers.location, `${redirect}?state=${state}&code=${code}&${named}`);
    const cancelled = await form(`error=user_cancelled_authorize&state=${state}`);
    assert.equal(cancelled.headers.location, `${redirect}?error=user_cancelled_authorize&state=${state}&${named}`);
    for (const body of ['code=x', 'state', 'state=a"b', 'state=a%0d&code=\r\nX: y', 'state=a&code=<script>'])
        assert.ok(
            [400, 303].includes((await form(body)).status) &&
                !/[\r\n"<]/.test((await form(body)).headers.location ?? ''),
            body,
        );
    rejected(await form('{"state":"x"}', 'application/json'), 415);
    const done = await callback({ state, binding, code, iss: apple.issuer });
    assert.equal(done.status, 200, done.text);
    const [head, claims, signature] = secret.split('.');
    const read = (part) => JSON.parse(Buffer.from(part, 'base64url'));
    assert.deepEqual(read(head), { alg: 'ES256', kid: 'APPLEKEY1', typ: 'JWT' });
    const { iss, sub, aud, iat, exp } = read(claims);
    assert.deepEqual([iss, sub, aud, exp - iat], ['TEAM123456', 'com.example.airi', apple.issuer, 300]);
    assert.ok(
        verify(
            'sha256',
            Buffer.from(`${head}.${claims}`),
            { key: appleKey.publicKey, dsaEncoding: 'ieee-p1363' },
            Buffer.from(signature, 'base64url'),
        ),
    );
});

test('an unconfigured provider is not offered and cannot be used', async ({ system, ports, post }) => {
    await system.kill('oauth-1');
    await system.rows("update identity_providers set updated_at = now() - interval '3 minutes' where name = 'oidc'");
    const offered = (await ask(ports[0], { path: '/api/v1/auth/oauth' })).json.data.map((one) => one.name);
    assert.deepEqual(offered, ['google', 'apple', 'discord']);
    rejected(await post('/auth/oauth/oidc/start', {}), 404, 'NOT_FOUND');
    rejected(await post('/auth/oauth/oidc/id-token', { id_token: 'a.b.c', nonce: randomUUID() }), 400, 'FLOW_INVALID');
});
