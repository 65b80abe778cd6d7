// Tokens as cookies over two gateways: what a browser stores and what a page of another origin cannot do with it.

import assert from 'node:assert/strict';

import { birthDate, password, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts();
const transport = { 'X-Token-Transport': 'cookie' };

// The browser's cookies: name → {value and attributes}.
function jarOf({ headers }) {
    return Object.fromEntries(
        (headers['set-cookie'] ?? []).map((line) => {
            const [pair, ...attributes] = line.split('; ');
            const [name, value] = pair.split('=');
            const rest = Object.fromEntries(
                attributes.map((one) => [one.split('=')[0].toLowerCase(), one.split('=')[1] ?? true]),
            );
            return [`${name}${rest.path === '/' ? '' : ` ${rest.path}`}`, { name, value, ...rest }];
        }),
    );
}
const sent = (jar, path = '/') =>
    Object.values(jar)
        .filter((one) => path.startsWith(one.path))
        .map((one) => `${one.name}=${one.value}`)
        .join('; ');

// A user signed in by cookie, and a function that sends requests as their browser does.
async function browserOf({ ports, post }, email = `${crypto.randomUUID()}@example.com`) {
    const made = await post('/auth/signup', { email, password, birth_date: birthDate }, { headers: transport });
    assert.equal(made.status, 201, made.text);
    const jar = jarOf(made);
    const call = (
        method,
        path,
        { csrf = made.json.data.csrf_token, cookies = jar, json, port = ports[0], headers = {} } = {},
    ) =>
        ask(port, {
            method,
            path: `/api/v1${path}`,
            json,
            headers: {
                Cookie: typeof cookies === 'string' ? cookies : sent(cookies, `/api/v1${path}`),
                ...(csrf ? { 'X-CSRF-Token': csrf } : {}),
                ...headers,
            },
        });
    return { email, made, jar, call, csrf: made.json.data.csrf_token };
}

test('AIRI-06: tokens are httpOnly cookies only, and the session works as with a bearer token', async (stage) => {
    const { made, jar, call, csrf } = await browserOf(stage);
    assert.deepEqual(Object.keys(made.json.data).sort(), ['csrf_token', 'expires_in', 'token_type', 'user']);
    assert.equal(made.json.data.token_type, 'cookie');
    assert.deepEqual(Object.keys(jar).sort(), [
        'airi_access',
        'airi_csrf',
        'airi_device',
        'airi_refresh /api/v1/auth/refresh',
    ]);
    for (const one of Object.values(jar))
        assert.deepEqual(
            [one.samesite, one.secure, one.domain],
            ['Lax', undefined, undefined],
            'on one machine, without TLS',
        );
    assert.deepEqual(
        Object.values(jar).map((one) => one.httponly ?? false),
        [true, true, false, true],
    );
    assert.equal(jar.airi_csrf.value, csrf);
    for (const one of [jar.airi_access, jar['airi_refresh /api/v1/auth/refresh']])
        assert.ok(!made.text.includes(one.value));
    for (const port of stage.ports) {
        const session = await call('GET', '/auth/session', { port, csrf: null });
        assert.equal(session.status, 200, session.text);
        assert.equal(session.json.data.csrf_token, csrf, 'after a page reload');
        assert.equal((await call('POST', '/conversations', { port, json: {} })).status, 201);
    }
    const api = await stage.post(
        '/auth/login',
        { email: made.json.data.user.email, password },
        { headers: transport, path: '/api/auth/login' },
    );
    assert.ok('airi_refresh /api/auth/refresh' in jarOf(api), 'the refresh token goes to the requested transport');
    rejected(
        await stage.post(
            '/auth/login',
            { email: made.json.data.user.email, password },
            { headers: { 'X-Token-Transport': 'pigeon' } },
        ),
        400,
        'BAD_REQUEST',
    );
});

test('AIRI-06: over TLS cookies are Secure and host-only, and cookies with other names are ignored', async ({
    system,
    ports,
    post,
}) => {
    await system.stop('gateway-2');
    await system.start('gateway-2', { FRONTEND_URL: 'https://app.example.com' });
    const email = `${crypto.randomUUID()}@example.com`;
    const made = await post(
        '/auth/signup',
        { email, password, birth_date: birthDate },
        { headers: transport, port: ports[1] },
    );
    const jar = jarOf(made);
    assert.deepEqual(Object.keys(jar).sort(), [
        '__Host-airi_access',
        '__Host-airi_csrf',
        '__Host-airi_device',
        '__Secure-airi_refresh /api/v1/auth/refresh',
    ]);
    for (const one of Object.values(jar)) assert.deepEqual([one.secure, one.domain], [true, undefined]);
    const get = (Cookie) => ask(ports[1], { path: '/api/v1/auth/session', headers: { Cookie } });
    assert.equal((await get(sent(jar))).status, 200);
    rejected(await get(`airi_access=${jar['__Host-airi_access'].value}`), 401);
    await system.stop('gateway-2');
    await system.start('gateway-2');
});

test("AIRI-06: a state-changing request needs the session's CSRF token in header and cookie", async (stage) => {
    const { jar, call, csrf } = await browserOf(stage);
    const other = await browserOf(stage);
    const create = (more) => call('POST', '/conversations', { json: {}, ...more });
    const planted = { ...jar, airi_csrf: { ...jar.airi_csrf, value: 'planted' } };
    for (const [more, what] of [
        [{ csrf: null }, 'no header'],
        [{ csrf: 'x' }, 'a wrong header'],
        [{ csrf: `${csrf}x` }, 'a longer one'],
        [{ csrf: other.csrf }, "another session's"],
        [{ csrf: 'planted', cookies: planted }, 'a planted cookie and its header'],
        [
            { csrf: other.csrf, cookies: { ...jar, airi_csrf: other.jar.airi_csrf } },
            "another session's cookie and header",
        ],
        [{ cookies: `airi_access=${jar.airi_access.value}` }, 'no cookie'],
        [{ cookies: `${sent(jar)}; airi_csrf=${csrf}` }, 'the cookie twice'],
    ]) {
        rejected(await create(more), 403, 'CSRF', undefined, what);
        rejected(await call('PATCH', '/users/profile', { json: { display_name: 'x' }, ...more }), 403, 'CSRF');
        rejected(await call('DELETE', `/auth/sessions/${crypto.randomUUID()}`, more), 403, 'CSRF');
        rejected(await call('POST', '/auth/logout', { json: {}, ...more }), 403, 'CSRF');
        assert.equal(
            (await call('GET', '/conversations', { ...more })).status,
            200,
            `reading needs no CSRF token: ${what}`,
        );
    }
    assert.equal((await create({})).status, 201);
    const { json } = await stage.login(other);
    const both = await ask(stage.ports[0], {
        method: 'POST',
        path: '/api/v1/conversations',
        json: {},
        token: json.data.access_token,
        headers: { Cookie: sent(jar) },
    });
    assert.equal(both.status, 201, 'a bearer token takes precedence and needs no CSRF token');
    assert.equal(
        (
            await ask(stage.ports[0], {
                path: '/api/v1/auth/session',
                token: json.data.access_token,
                headers: { Cookie: sent(jar) },
            })
        ).json.data.user.email,
        other.email,
    );
    rejected(
        await ask(stage.ports[0], {
            path: '/api/v1/auth/session',
            headers: { Cookie: sent(jar), Authorization: 'Bearer x' },
        }),
        401,
        'UNAUTHENTICATED',
    );
});

test('AIRI-06: the refresh cookie works once and only with its header; logout clears all cookies', async (stage) => {
    const { jar, call } = await browserOf(stage);
    const refresh = (more = {}) =>
        stage.post(
            '/auth/refresh',
            {},
            { headers: { ...transport, Cookie: sent(jar, '/api/v1/auth/refresh') }, ...more },
        );
    rejected(
        await refresh({ headers: { Cookie: sent(jar, '/api/v1/auth/refresh') } }),
        422,
        'VALIDATION_FAILED',
        /refresh_token/,
    );
    rejected(await refresh({ headers: { ...transport, Cookie: sent(jar) } }), 401, 'INVALID_REFRESH_TOKEN');
    const twice = `airi_refresh=x; ${sent(jar, '/api/v1/auth/refresh')}`;
    rejected(await refresh({ headers: { ...transport, Cookie: twice } }), 401, 'INVALID_REFRESH_TOKEN');
    const renewed = await refresh();
    assert.equal(renewed.status, 200, renewed.text);
    const fresh = jarOf(renewed);
    const { airi_device: device, ...tokens } = jar;
    assert.ok(device, 'the browser stays known');
    assert.deepEqual(Object.keys(fresh).sort(), Object.keys(tokens).sort());
    assert.notEqual(fresh['airi_refresh /api/v1/auth/refresh'].value, jar['airi_refresh /api/v1/auth/refresh'].value);
    assert.equal(fresh.airi_csrf.value, jar.airi_csrf.value, 'the session is the same');
    const out = await call('POST', '/auth/logout', { json: {}, cookies: fresh });
    assert.equal(out.status, 200, out.text);
    const cleared = jarOf(out);
    assert.deepEqual(
        Object.keys(cleared).sort(),
        [
            'airi_access',
            'airi_csrf',
            ...['/api/v1', '/api', '/v1', ''].map((at) => `airi_refresh ${at}/auth/refresh`),
        ].sort(),
    );
    for (const one of Object.values(cleared)) assert.deepEqual([one.value, one['max-age']], ['', '0']);
    for (const port of stage.ports)
        rejected(await call('GET', '/conversations', { port, cookies: fresh }), 401, 'SESSION_ENDED');
    rejected(
        await refresh({ headers: { ...transport, Cookie: sent(fresh, '/api/v1/auth/refresh') } }),
        401,
        'INVALID_REFRESH_TOKEN',
    );
});

test('AIRI-06: a WebSocket authenticated by cookie opens for an allowed origin only', async (stage) => {
    const { jar } = await browserOf(stage);
    const own = `http://127.0.0.1:${stage.ports[0]}`;
    const open = (headers) => ({ headers: { Cookie: sent(jar), ...headers } });
    const wire = await Wire.open(stage.ports[0], null, open({ Origin: own }));
    await wire.reply('ping', {});
    wire.end();
    rejected(await Wire.rejection(stage.ports[0], null, open({})), 401, 'UNAUTHENTICATED');
    for (const Origin of ['https://evil.example', 'null', `${own}.evil.example`])
        rejected(await Wire.rejection(stage.ports[0], null, open({ Origin })), 403, 'ORIGIN_NOT_ALLOWED');
    rejected(
        await Wire.rejection(stage.ports[0], null, { headers: { Cookie: `${sent(jar)}; airi_access=x`, Origin: own } }),
        401,
        'UNAUTHENTICATED',
    );
});

test('AIRI-06: malformed, excessive and key-bearing cookies do not authenticate', async (stage) => {
    const { jar, call } = await browserOf(stage);
    const { value } = jar.airi_access;
    const key = `airi_${'0'.repeat(8)}_${'0'.repeat(54)}`;
    for (const cookies of [
        '',
        '=',
        ';;;',
        'airi_access',
        'airi_access=',
        `xairi_access=${value}`,
        `airi_accessx=${value}`,
        `AIRI_ACCESS=${value}`,
        `airi_access="${value}"`,
        `airi_access=${value}; airi_access=${value}`,
        `airi_access=${key}`,
        `__Host-airi_access=${value}`,
    ])
        rejected(await call('GET', '/auth/session', { cookies }), 401, 'UNAUTHENTICATED');
    const many = Array.from({ length: 400 }, (_, i) => `c${i}=${'x'.repeat(10)}`).join('; ');
    assert.equal((await call('GET', '/auth/session', { cookies: `${many}; airi_access=${value}` })).status, 200);
    rejected(
        await call('GET', '/auth/session', { cookies: `${many}; ${many}; airi_access=${value}` }),
        431,
        'HEADERS_TOO_LARGE',
    );
    assert.equal((await call('GET', '/auth/session', { cookies: `  a=b ;  airi_access=${value}  ; c` })).status, 200);
});
