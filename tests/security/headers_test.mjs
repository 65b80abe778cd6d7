// The headers of every response, in development and in production, and the deprecation of paths without a version.

import assert from 'node:assert/strict';

import { address, withAccounts } from '../support/js/accounts.mjs';
import { ask } from '../support/js/raw.mjs';

const test = withAccounts();
// Of the AIRI SaaS; tests/products has those of the others.
const documented = {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-xss-protection': '1; mode=block',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'content-security-policy':
        "default-src 'self'; script-src 'self' 'unsafe-inline' https://js.stripe.com; " +
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; connect-src 'self' wss: https:",
};

test('SAAS-09: the documented headers are on responses, errors and pages', async ({ ports, join }) => {
    const account = await join();
    for (const one of [
        { path: '/api/v1/plans' },
        { path: '/api/v1/conversations', token: account.token },
        { path: '/api/v1/conversations' },
        { path: '/nowhere' },
        { method: 'POST', path: '/api/v1/auth/login', body: '{' },
        { method: 'POST', path: '/api/v1/auth/login', body: 'a'.repeat(70_000) },
        { path: '/v1/models' },
        { path: '/' },
        { path: '/docs' },
        { path: '/avatar-moon.svg' },
    ]) {
        const { headers } = await ask(ports[0], { from: address(), ...one });
        for (const [name, value] of Object.entries(documented))
            assert.equal(headers[name].split(', default-src')[0], value, `${one.path}: ${name}`);
        const embedders = one.path.endsWith('.svg') ? 'cross-origin' : 'same-origin';
        assert.equal(headers['cross-origin-resource-policy'], embedders, one.path);
    }
});

test('each page has a content policy of its own beside the documented one: no plugins, no other hosts', async ({
    ports,
}) => {
    for (const path of ['/', '/admin', '/docs', '/crisis/contacts/confirm', '/safety']) {
        const { headers } = await ask(ports[0], { path, from: address() });
        const own = headers['content-security-policy'].split(/, (?=default-src)/).at(-1);
        assert.match(own, /object-src 'none'|default-src 'none'/, path);
        assert.match(own, /connect-src 'self'(;|$)/, path);
        assert.doesNotMatch(own, /unsafe|https?:|wss?:/, path);
    }
});

test('metrics are on the admin port of a gateway, and not on the port of its clients', async ({ system, ports }) => {
    assert.equal((await ask(ports[0], { path: '/metrics', from: address() })).status, 404);
    const { status, text } = await ask(system.program('gateway-1').adminPort, { path: '/metrics' });
    assert.equal(status, 200);
    assert.match(text, /^airi_gateway_responses_total\{class="2xx"\} \d+$/m);
});

test('SAAS-09: CORS allows localhost:5173 in development, FRONTEND_URL and documented origins always', async ({
    system,
    ports,
}) => {
    const frontend = 'https://app.example.com';
    await system.stop('gateway-2');
    await system.start('gateway-2', { AIRI_ENV: 'production', FRONTEND_URL: frontend });
    const allowed = async (port, Origin, method = 'GET') =>
        (await ask(port, { method, path: '/api/v1/plans', headers: { Origin }, from: address() })).headers;
    for (const method of ['GET', 'OPTIONS'])
        for (const [port, origin, may] of [
            [ports[0], 'http://localhost:5173', true],
            [ports[0], frontend, false],
            [ports[0], 'http://localhost:5174', false],
            [ports[0], 'https://airi.chat', true],
            [ports[0], 'https://app.airi.chat', true],
            [ports[0], 'https://evil.airi.chat', false],
            [ports[1], 'https://airi.chat', true],
            [ports[1], frontend, true],
            [ports[1], 'http://localhost:5173', false],
            [ports[1], 'http://app.example.com', false],
        ]) {
            const headers = await allowed(port, origin, method);
            assert.equal(
                headers['access-control-allow-origin'],
                may ? origin : undefined,
                `${method} ${port} ${origin}`,
            );
            assert.equal(headers['access-control-allow-credentials'], may ? 'true' : undefined);
            assert.match(headers.vary, /Origin/);
        }
    const preflight = await allowed(ports[1], frontend, 'OPTIONS');
    for (const name of ['X-CSRF-Token', 'X-Token-Transport', 'Content-Type', 'Authorization'])
        assert.ok(preflight['access-control-allow-headers'].split(', ').includes(name), name);
    for (const name of ['PUT', 'PATCH', 'DELETE'])
        assert.ok(preflight['access-control-allow-methods'].split(', ').includes(name), name);
    await system.stop('gateway-2');
    await system.start('gateway-2');
});

test('AIRI-15: /api serves the same as /api/v1 and announces its deprecation date and successor', async ({
    ports,
    join,
}) => {
    const account = await join();
    const [old, versioned, openai] = await Promise.all(
        ['/api', '/api/v1', '/v1'].map((prefix) =>
            ask(ports[0], { path: `${prefix}/companions?x=1`, token: account.token }),
        ),
    );
    assert.deepEqual(old.json, versioned.json);
    assert.deepEqual(openai.json, versioned.json);
    assert.match(old.headers.deprecation, /^@\d{10}$/);
    assert.ok(Number(old.headers.deprecation.slice(1)) * 1000 < Date.now());
    assert.equal(old.headers.link, '</api/v1/companions>; rel="successor-version"');
    for (const { headers } of [
        versioned,
        openai,
        await ask(ports[0], { path: '/healthz' }),
        await ask(ports[0], { path: '/api/nowhere' }),
    ])
        assert.deepEqual([headers.deprecation, headers.link], [undefined, undefined]);
    const refusal = await ask(ports[0], {
        path: `/api/conversations/${encodeURIComponent('a>\r\nX: y"ä')}`,
        token: account.token,
    });
    assert.ok([400, 404].includes(refusal.status));
    if (refusal.status === 404)
        assert.match(refusal.headers.link, /^<\/api\/v1\/conversations\/[\w%.~-]+>; rel="successor-version"$/);
    const signed = await ask(ports[0], {
        method: 'POST',
        path: '/api/auth/login',
        json: { email: account.email, password: 'x' },
        from: address(),
    });
    assert.deepEqual([signed.status, signed.headers.link], [401, '</api/v1/auth/login>; rel="successor-version"']);
});
