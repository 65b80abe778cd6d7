// Links by e-mail, through Kafka and the email worker into the outbox, and back: verification, password reset, sign-in.

import assert from 'node:assert/strict';

import { network, password, withAccounts } from '../support/js/accounts.mjs';
import { linkIn, tokenOf } from '../support/js/mail_links.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withAccounts();

test('AIRI-07: the link that signup sends verifies an address once', async ({ system, ports, join, post }) => {
    const account = await join(undefined, { proved: false });
    const profile = async () =>
        (await ask(ports[0], { path: '/api/v1/users/profile', token: account.token })).json.data;
    assert.equal((await profile()).email_verified, false);
    const token = await tokenOf(system, account.email, 'verify_email');
    rejected(await post('/auth/magic-link/login', { token }), 400, 'LINK_INVALID');
    rejected(await post('/auth/reset-password', { token, new_password: 'a new long password' }), 400, 'LINK_INVALID');
    const twice = await Promise.all(
        ports.map((port) => post('/auth/verify-email', { token }, { port, token: account.token })),
    );
    assert.deepEqual(twice.map((one) => one.status).sort(), [200, 400], 'at two gateways at once');
    assert.equal((await profile()).email_verified, true);
    const [{ n }] = await system.rows('select count(*)::int as n from email_links where hash = $1', [token]);
    assert.equal(n, 0, 'the plain token is not stored');
});

test('AIRI-07 SAAS-06: a reset link replaces the password, ends the sessions and invalidates other links', async ({
    system,
    ports,
    join,
    post,
    login,
    rejectedEverywhere,
}) => {
    const account = await join();
    for (let i = 0; i < 7; ++i) await post('/auth/login', { email: account.email, password: 'wrong password' });
    assert.equal((await post('/auth/forgot-password', { email: account.email.toUpperCase() })).status, 202);
    const first = await tokenOf(system, account.email, 'reset_password');
    assert.equal((await post('/auth/forgot-password', { email: account.email })).status, 202);
    const second = await tokenOf(system, account.email, 'reset_password', 2);
    rejected(
        await post('/auth/reset-password', { token: second, new_password: 'short' }),
        422,
        'VALIDATION_FAILED',
        /new_password/,
    );
    const done = await post('/auth/reset-password', { token: second, new_password: 'a new long password' });
    assert.deepEqual(done.json.data, { changed: true, sessions_ended: 1, api_keys_ended: 0 });
    await rejectedEverywhere(account.token, 'SESSION_ENDED');
    for (const token of [first, second, 'x', 'a'.repeat(200)])
        rejected(
            await post('/auth/reset-password', { token, new_password: 'another long password' }),
            400,
            'LINK_INVALID',
        );
    rejected(await login(account), 401, 'WRONG_CREDENTIALS');
    assert.equal(
        (await post('/auth/login', { email: account.email, password: 'a new long password' })).status,
        200,
        'no lock is left',
    );
    assert.equal((await ask(ports[1], { path: '/api/v1/auth/session', token: account.token })).status, 401);
});

test('SAAS-02: a magic link signs in once, requires an enabled second factor and expires', async ({
    system,
    ports,
    join,
    post,
}) => {
    const account = await join();
    const { binding } = (await post('/auth/magic-link', { email: account.email })).json.data;
    const token = await tokenOf(system, account.email, 'magic_link');
    await system.rows(
        `insert into two_factor (user_id, secret, enabled_at, recovery_codes)
            values ($1, 'x', now(), array[encode(sha256('0011223344556677'), 'hex')])`,
        [account.id],
    );
    rejected(await post('/auth/magic-link/login', { token, binding }), 401, 'TWO_FACTOR_REQUIRED');
    rejected(await post('/auth/magic-link/login', { token, binding, code: '000000' }), 401, 'WRONG_CODE');
    const tokens = await post('/auth/magic-link/login', { token, binding, code: '0011223344556677' });
    assert.deepEqual([tokens.status, tokens.json.data.user.second_factor], [200, true], tokens.text);
    assert.equal(
        (await ask(ports[1], { path: '/api/v1/auth/session', token: tokens.json.data.access_token })).json.data.user.id,
        account.id,
    );
    rejected(await post('/auth/magic-link/login', { token, binding, code: '0011223344556677' }), 400, 'LINK_INVALID');
    const again = (await post('/auth/magic-link', { email: account.email })).json.data;
    const late = await tokenOf(system, account.email, 'magic_link', 2);
    await system.rows("update email_links set expires_at = now() - interval '1 second' where user_id = $1", [
        account.id,
    ]);
    rejected(
        await post('/auth/magic-link/login', { token: late, binding: again.binding, code: '000000' }),
        400,
        'LINK_INVALID',
    );
});

const cookie = { 'X-Token-Transport': 'cookie' };
// The cookie that a response sets, as a browser sends it back.
const bindingOf = ({ headers }) => headers['set-cookie'].find((line) => line.startsWith('airi_link='));
const asBrowser = (line) => ({ ...cookie, Cookie: line.split(';')[0] });

test('SAAS-02: a magic link signs in only where it was requested, and asks first for whom', async ({
    system,
    join,
    post,
}) => {
    const [account, mallory] = [await join(), await join()];
    const ask = (headers) => post('/auth/magic-link', { email: account.email }, { headers });
    const first = await ask(cookie);
    assert.deepEqual(first.json.data, { sent: true });
    assert.match(bindingOf(first), /^airi_link=[\w-]{43}; Path=\/; Max-Age=\d+; SameSite=Lax; HttpOnly$/);
    const own = asBrowser(bindingOf(first));
    assert.equal(asBrowser(bindingOf(await ask(own))).Cookie, own.Cookie, 'one value for all links of a browser');
    const second = await tokenOf(system, account.email, 'magic_link', 2);
    const others = [
        {},
        asBrowser(bindingOf(await post('/auth/magic-link', { email: mallory.email }, { headers: cookie }))),
    ];
    for (const headers of [...others, { ...cookie, Cookie: 'airi_link=' }])
        for (const path of ['/auth/magic-link/details', '/auth/magic-link/login'])
            rejected(await post(path, { token: second }, { headers }), 403, 'LINK_OTHER_BROWSER');
    rejected(await post('/auth/magic-link/login', { token: second, binding: 'x' }), 403, 'LINK_OTHER_BROWSER');
    rejected(await post('/auth/magic-link/details', { token: 'x' }, { headers: own }), 400, 'LINK_INVALID');
    const shown = await post('/auth/magic-link/details', { token: second }, { headers: own });
    assert.deepEqual(shown.json.data, { email: `${account.email[0]}…@example.com` });
    const opened = await post('/auth/magic-link/login', { token: second }, { headers: own });
    assert.deepEqual([opened.status, opened.json.data.user.id], [200, account.id], opened.text);
    for (const path of ['/auth/magic-link/details', '/auth/magic-link/login'])
        rejected(await post(path, { token: second }, { headers: own }), 400, 'LINK_INVALID');
});

test('a link older than its binding signs nobody in', async ({ system, join, post }) => {
    const account = await join();
    const { binding } = (await post('/auth/magic-link', { email: account.email })).json.data;
    const token = await tokenOf(system, account.email, 'magic_link');
    await system.rows('update email_links set binding_hash = null where user_id = $1', [account.id]);
    rejected(await post('/auth/magic-link/login', { token, binding }), 403, 'LINK_OTHER_BROWSER');
    rejected(await post('/auth/magic-link/login', { token }), 403, 'LINK_OTHER_BROWSER');
});

test('link requests do not reveal accounts, are rate-limited and send nothing to suspended accounts', async ({
    system,
    join,
    post,
}) => {
    const [account, gone] = [await join(), await join()];
    const stranger = network();
    const unknownEmail = `${crypto.randomUUID()}@example.com`;
    const answers = await Promise.all(
        [account.email, unknownEmail].map((email) => post('/auth/forgot-password', { email })),
    );
    assert.deepEqual(
        answers.map((one) => [one.status, one.json]),
        Array(2).fill([202, { success: true, data: { sent: true } }]),
    );
    const magic = await Promise.all(
        [account.email, unknownEmail].map((email) =>
            post('/auth/magic-link', { email }, { headers: cookie, from: stranger() }),
        ),
    );
    assert.equal(new Set(magic.map((one) => `${one.status} ${one.text}`)).size, 1);
    for (const one of magic) assert.match(bindingOf(one), /^airi_link=[\w-]{43};/);
    await system.rows("update users set status = 'suspended' where id = $1", [gone.id]);
    await post('/auth/magic-link', { email: gone.email });
    for (let i = 0; i < 8; ++i) await post('/auth/magic-link', { email: account.email }, { from: stranger() });
    await tokenOf(system, account.email, 'magic_link', 5);
    const last = await join();
    await tokenOf(system, last.email, 'verify_email');
    const kinds = (to) =>
        system
            .mail(to)
            .map((mail) => linkIn(mail).kind)
            .sort();
    assert.deepEqual(kinds(account.email), [...Array(5).fill('magic_link'), 'reset_password', 'verify_email']);
    assert.deepEqual(kinds(gone.email), ['verify_email']);
    assert.deepEqual(system.mail(unknownEmail), []);
    for (const mail of system.mail(account.email)) {
        assert.deepEqual(mail.faults, []);
        assert.match(mail.link, /^https?:\/\/[^/?#]+\/#[a-z_]+=[\w-]{43}$/, 'the token is in the fragment only');
    }
});

test('a stranger does not use up the sign-in links of a device that is known', async ({ system, join, post }) => {
    const agent = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
    const home = network();
    const account = await join();
    const known = { from: home(), headers: agent };
    assert.equal((await post('/auth/login', { email: account.email, password }, known)).status, 200);
    const request = (more) => post('/auth/magic-link', { email: account.email }, more);
    for (let i = 0; i < 7; ++i) assert.equal((await request({ from: network()() })).status, 202);
    await tokenOf(system, account.email, 'magic_link', 5);
    assert.equal((await request({ from: home(), headers: agent })).status, 202);
    await tokenOf(system, account.email, 'magic_link', 6);
});

test('a request for a link takes as long for an address without an account', async ({ join, post }) => {
    const account = await join();
    const elapsed = async (path, email) => {
        const begun = performance.now();
        assert.equal((await post(path, { email })).status, 202);
        return performance.now() - begun;
    };
    for (const path of ['/auth/magic-link', '/auth/forgot-password'])
        for (const email of [account.email, `${crypto.randomUUID()}@example.com`])
            assert.ok((await elapsed(path, email)) >= 149, `${path} ${email}`);
});
