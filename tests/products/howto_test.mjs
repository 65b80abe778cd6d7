// How-to-AI as its own client meets it, with every number of its document.

import assert from 'node:assert/strict';

import { address, password, withProduct } from '../support/js/accounts.mjs';
import { assertLimit, assertPlans, assertRates, assertSettings } from '../support/js/products.mjs';
import { ask } from '../support/js/raw.mjs';

const test = withProduct('howto');

test('HOWTO-16: three plans, of which Premium costs 50 dollars a month and has all tutorials', async ({ ports }) => {
    await assertSettings(ports[0], { product_name: 'How-to-AI' });
    await assertPlans(ports[0], {
        free: { name: 'Free', price_cents: 0, features: { tutorials: 'free' } },
        premium: {
            name: 'Premium',
            price_cents: 5_000,
            currency: 'usd',
            billing_period: 'month',
            features: { tutorials: 'all' },
        },
        enterprise: { name: 'Enterprise', features: { tutorials: 'all', on_request: true } },
    });
});

test('HOWTO-07: the API is limited, and signing in more strictly', async ({ system, ports }) => {
    await assertRates(system, [
        ['api', '*', 'user', 1_000, 3_600],
        ['auth', '*', 'ip', 10, 900],
        ['anonymous', '*', 'ip', 300, 900],
    ]);
    const login = (i) =>
        ask(ports[i % 2], {
            method: 'POST',
            path: '/api/auth/login',
            json: { email: `nobody${i}@example.com`, password },
            from: '127.9.9.8',
        });
    await assertLimit(login, 'auth', 10, 900);
});

test('HOWTO-02 HOWTO-03: a login issues tokens of 15 minutes and 7 days as HTTP-only, secure cookies', async ({
    system,
    ports,
    join,
}) => {
    const account = await join();
    const post = (path, headers, json = {}) =>
        ask(ports[1], { method: 'POST', path: `/api/auth/${path}`, json, headers, from: address() });
    const answer = await post('login', {}, { email: account.email, password });
    assert.deepEqual([answer.status, answer.json.data.expires_in], [200, 900]);
    assert.deepEqual([answer.json.data.access_token, answer.json.data.refresh_token], [undefined, undefined]);
    const jar = (from) => {
        const cookies = from.headers['set-cookie'];
        const secret = cookies.filter((one) => /airi_(access|refresh)=/.test(one));
        assert.equal(secret.length, 2);
        for (const one of secret) assert.match(one, /; SameSite=Lax.*; HttpOnly/);
        assert.match(
            cookies.find((one) => one.includes('airi_access=')),
            /; Max-Age=900;/,
        );
        return cookies.map((one) => one.split(';')[0]).join('; ');
    };
    const [{ days }] = await system.rows(
        `select round(extract(epoch from max(expires_at - created_at)) / 86400)::int as days
            from sessions where user_id = $1`,
        [account.id],
    );
    assert.equal(days, 7);
    const refreshed = await post('refresh', { Cookie: jar(answer) });
    assert.deepEqual([refreshed.status, refreshed.json.data.expires_in], [200, 900]);
    const cookie = jar(refreshed);
    const out = { Cookie: cookie, 'X-CSRF-Token': refreshed.json.data.csrf_token };
    assert.equal((await post('logout', out)).status, 200);
    assert.equal((await post('refresh', { Cookie: cookie })).status, 401);
});
