// Links by e-mail, through Kafka and the mail worker into the outbox, and back: verification, a new password, signing in.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { password, withAccounts } from '../support/js/accounts.mjs';
import { ask, refused } from '../support/js/raw.mjs';

const test = withAccounts();

/// The token of the newest mail of a kind to an address, once there are `count` of that kind.
const tokenOf = (system, to, kind, count = 1) =>
    eventually(`${count} mails ${kind} to ${to}`, () => {
        const links = system
            .mail(to)
            .map((mail) => mail.link)
            .filter((link) => link?.includes(`/?${kind}=`));
        return links.length >= count && new URL(links.at(-1)).searchParams.get(kind);
    });

test('AIRI-07: an address is verified by the link that signup sends, once', async ({ system, ports, join, post }) => {
    const who = await join();
    const profile = async () => (await ask(ports[0], { path: '/api/v1/users/profile', token: who.token })).json.data;
    assert.equal((await profile()).email_verified, false);
    const token = await tokenOf(system, who.email, 'verify_email');
    refused(await post('/auth/magic-link/login', { token }), 400, 'LINK_INVALID');
    refused(await post('/auth/reset-password', { token, new_password: 'a new long password' }), 400, 'LINK_INVALID');
    const twice = await Promise.all(ports.map((port) => post('/auth/verify-email', { token }, { port })));
    assert.deepEqual(twice.map((one) => one.status).sort(), [200, 400], 'at two gateways at once');
    assert.equal((await profile()).email_verified, true);
    const [{ n }] = await system.rows('select count(*)::int as n from email_links where hash = $1', [token]);
    assert.equal(n, 0, 'the token itself is stored nowhere');
});

test('AIRI-07 SAAS-06: a forgotten password is replaced by the link; sessions end, other links with them', async ({
    system,
    ports,
    join,
    post,
    login,
    worthless,
}) => {
    const who = await join();
    for (let i = 0; i < 7; ++i) await post('/auth/login', { email: who.email, password: 'wrong password' });
    assert.equal((await post('/auth/forgot-password', { email: who.email.toUpperCase() })).status, 202);
    const first = await tokenOf(system, who.email, 'reset_password');
    assert.equal((await post('/auth/forgot-password', { email: who.email })).status, 202);
    const second = await tokenOf(system, who.email, 'reset_password', 2);
    refused(
        await post('/auth/reset-password', { token: second, new_password: 'short' }),
        422,
        'VALIDATION_FAILED',
        /new_password/,
    );
    const done = await post('/auth/reset-password', { token: second, new_password: 'a new long password' });
    assert.deepEqual(done.json.data, { changed: true, sessions_ended: 1 });
    await worthless(who.token, 'SESSION_ENDED');
    for (const token of [first, second, 'x', 'a'.repeat(200)])
        refused(
            await post('/auth/reset-password', { token, new_password: 'another long password' }),
            400,
            'LINK_INVALID',
        );
    refused(await login(who), 401, 'WRONG_CREDENTIALS');
    assert.equal(
        (await post('/auth/login', { email: who.email, password: 'a new long password' })).status,
        200,
        'no lock is left',
    );
    assert.equal((await ask(ports[1], { path: '/api/v1/auth/session', token: who.token })).status, 401);
});

test('SAAS-02: a link signs in once, with the second factor where it is on, and not after its time', async ({
    system,
    ports,
    join,
    post,
}) => {
    const who = await join();
    await post('/auth/magic-link', { email: who.email });
    const token = await tokenOf(system, who.email, 'magic_link');
    await system.rows(
        "insert into two_factor (user_id, secret, enabled_at, recovery_codes) values ($1, 'x', now(), array[encode(sha256('0011223344556677'), 'hex')])",
        [who.id],
    );
    refused(await post('/auth/magic-link/login', { token }), 401, 'TWO_FACTOR_REQUIRED');
    refused(await post('/auth/magic-link/login', { token, code: '000000' }), 401, 'WRONG_CODE');
    const tokens = await post('/auth/magic-link/login', { token, code: '0011223344556677' });
    assert.equal(tokens.status, 200, tokens.text);
    assert.equal(
        (await ask(ports[1], { path: '/api/v1/auth/session', token: tokens.json.data.access_token })).json.data.user.id,
        who.id,
    );
    refused(await post('/auth/magic-link/login', { token, code: '0011223344556677' }), 400, 'LINK_INVALID');
    await post('/auth/magic-link', { email: who.email });
    const late = await tokenOf(system, who.email, 'magic_link', 2);
    await system.rows("update email_links set expires_at = now() - interval '1 second' where user_id = $1", [who.id]);
    refused(await post('/auth/magic-link/login', { token: late, code: '000000' }), 400, 'LINK_INVALID');
});

test('nobody learns who has an account, nobody is flooded, and a suspended one gets nothing', async ({
    system,
    join,
    post,
}) => {
    const [who, gone] = [await join(), await join()];
    const nobody = `${crypto.randomUUID()}@example.com`;
    const answers = await Promise.all([who.email, nobody].map((email) => post('/auth/forgot-password', { email })));
    assert.deepEqual(
        answers.map((one) => [one.status, one.json]),
        Array(2).fill([202, { success: true, data: { sent: true } }]),
    );
    await system.rows("update users set status = 'suspended' where id = $1", [gone.id]);
    await post('/auth/magic-link', { email: gone.email });
    for (let i = 0; i < 8; ++i) await post('/auth/magic-link', { email: who.email });
    await tokenOf(system, who.email, 'magic_link', 5);
    const last = await join();
    await tokenOf(system, last.email, 'verify_email');
    const kinds = (to) =>
        system
            .mail(to)
            .map((mail) => new URL(mail.link).search.slice(1).split('=')[0])
            .sort();
    assert.deepEqual(kinds(who.email), [...Array(5).fill('magic_link'), 'reset_password', 'verify_email']);
    assert.deepEqual(kinds(gone.email), ['verify_email']);
    assert.deepEqual(system.mail(nobody), []);
    for (const mail of system.mail(who.email)) assert.deepEqual(mail.faults, []);
});
