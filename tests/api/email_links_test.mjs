// Links by e-mail, through Kafka and the email worker into the outbox, and back: verification, password reset, sign-in.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withAccounts();

// The token of the newest mail of a kind to an address, once there are `count` of that kind.
const tokenOf = (system, to, kind, count = 1) =>
    eventually(`${count} mails ${kind} to ${to}`, () => {
        const links = system
            .mail(to)
            .map((mail) => mail.link)
            .filter((link) => link?.includes(`/?${kind}=`));
        return links.length >= count && new URL(links.at(-1)).searchParams.get(kind);
    });

test('AIRI-07: the link that signup sends verifies an address once', async ({ system, ports, join, post }) => {
    const account = await join();
    const profile = async () =>
        (await ask(ports[0], { path: '/api/v1/users/profile', token: account.token })).json.data;
    assert.equal((await profile()).email_verified, false);
    const token = await tokenOf(system, account.email, 'verify_email');
    rejected(await post('/auth/magic-link/login', { token }), 400, 'LINK_INVALID');
    rejected(await post('/auth/reset-password', { token, new_password: 'a new long password' }), 400, 'LINK_INVALID');
    const twice = await Promise.all(ports.map((port) => post('/auth/verify-email', { token }, { port })));
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
    await post('/auth/magic-link', { email: account.email });
    const token = await tokenOf(system, account.email, 'magic_link');
    await system.rows(
        `insert into two_factor (user_id, secret, enabled_at, recovery_codes)
            values ($1, 'x', now(), array[encode(sha256('0011223344556677'), 'hex')])`,
        [account.id],
    );
    rejected(await post('/auth/magic-link/login', { token }), 401, 'TWO_FACTOR_REQUIRED');
    rejected(await post('/auth/magic-link/login', { token, code: '000000' }), 401, 'WRONG_CODE');
    const tokens = await post('/auth/magic-link/login', { token, code: '0011223344556677' });
    assert.equal(tokens.status, 200, tokens.text);
    assert.equal(
        (await ask(ports[1], { path: '/api/v1/auth/session', token: tokens.json.data.access_token })).json.data.user.id,
        account.id,
    );
    rejected(await post('/auth/magic-link/login', { token, code: '0011223344556677' }), 400, 'LINK_INVALID');
    await post('/auth/magic-link', { email: account.email });
    const late = await tokenOf(system, account.email, 'magic_link', 2);
    await system.rows("update email_links set expires_at = now() - interval '1 second' where user_id = $1", [
        account.id,
    ]);
    rejected(await post('/auth/magic-link/login', { token: late, code: '000000' }), 400, 'LINK_INVALID');
});

test('link requests do not reveal accounts, are rate-limited and send nothing to suspended accounts', async ({
    system,
    join,
    post,
}) => {
    const [account, gone] = [await join(), await join()];
    const unknownEmail = `${crypto.randomUUID()}@example.com`;
    const answers = await Promise.all(
        [account.email, unknownEmail].map((email) => post('/auth/forgot-password', { email })),
    );
    assert.deepEqual(
        answers.map((one) => [one.status, one.json]),
        Array(2).fill([202, { success: true, data: { sent: true } }]),
    );
    await system.rows("update users set status = 'suspended' where id = $1", [gone.id]);
    await post('/auth/magic-link', { email: gone.email });
    for (let i = 0; i < 8; ++i) await post('/auth/magic-link', { email: account.email });
    await tokenOf(system, account.email, 'magic_link', 5);
    const last = await join();
    await tokenOf(system, last.email, 'verify_email');
    const kinds = (to) =>
        system
            .mail(to)
            .map((mail) => new URL(mail.link).search.slice(1).split('=')[0])
            .sort();
    assert.deepEqual(kinds(account.email), [...Array(5).fill('magic_link'), 'reset_password', 'verify_email']);
    assert.deepEqual(kinds(gone.email), ['verify_email']);
    assert.deepEqual(system.mail(unknownEmail), []);
    for (const mail of system.mail(account.email)) assert.deepEqual(mail.faults, []);
});
