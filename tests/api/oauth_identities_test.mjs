// Identities of existing users (second factor, account status, age gate, linking) and apps that bring an ID token.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { generators } from 'openid-client';

import { eventually } from '../support/js/system/wait.mjs';
import { withIdentities } from '../support/js/identities.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withIdentities();
const fresh = () => `${crypto.randomUUID()}@example.com`;
const hash = (text) => createHash('sha256').update(text).digest('hex');

test('an account with a second factor needs its code, a suspended or deleted one is rejected', async ({
    system,
    ports,
    openid,
    confirmed,
    callback,
}) => {
    const subject = openid.person(fresh());
    const { user } = (await callback(await confirmed(subject))).json.data;
    await system.rows(
        `insert into two_factor (user_id, secret, enabled_at, recovery_codes)
            values ($1, 'x', now(), array[encode(sha256('0011223344556677'), 'hex')])`,
        [user.id],
    );
    const flow = await confirmed(subject);
    rejected(await callback(flow), 401, 'TWO_FACTOR_REQUIRED');
    rejected(await callback({ ...flow, second_factor: '000000' }, { port: ports[1] }), 401, 'WRONG_CODE');
    rejected(await callback({ ...flow, code: 'another', second_factor: '0011223344556677' }), 400, 'FLOW_INVALID');
    const good = await callback({ ...flow, second_factor: '0011223344556677' }, { port: ports[1] });
    assert.deepEqual([good.status, good.json.data.user.second_factor], [200, true], good.text);
    rejected(await callback({ ...flow, second_factor: '0011223344556677' }), 400, 'FLOW_INVALID');
    await system.rows('delete from two_factor where user_id = $1', [user.id]);
    for (const [status, code] of [
        ['suspended', 'ACCOUNT_SUSPENDED'],
        ['banned', 'ACCOUNT_BANNED'],
        ['deleted', 'ACCOUNT_DELETED'],
    ]) {
        await system.rows('update users set status = $2 where id = $1', [user.id, status]);
        rejected(await callback(await confirmed(subject)), 403, code);
    }
    await system.rows(
        "update users set status = 'suspended', status_until = now() - interval '1 minute' where id = $1",
        [user.id],
    );
    assert.equal((await callback(await confirmed(subject))).status, 200);
});

test('SAAS-02 SAAS-07: a sign-in by provider passes the age gate with the same callback', async ({
    system,
    ports,
    openid,
    confirmed,
    callback,
}) => {
    await system.rows(`update system_settings set value = '"required"' where key = 'age_gate'`);
    try {
        const grown = await confirmed(openid.person(fresh()));
        rejected(await callback(grown), 422, 'VALIDATION_FAILED', /birth_date/);
        rejected(await callback({ ...grown, birth_date: '2999-01-01' }), 422, 'VALIDATION_FAILED', /birth_date/);
        const adult = await callback({
            ...grown,
            birth_date: '1990-02-28',
            consents: [{ kind: 'terms', version: '1' }],
        });
        assert.equal(adult.status, 200, adult.text);
        const given = await ask(ports[0], { path: '/api/v1/users/consents', token: adult.json.data.access_token });
        assert.deepEqual(
            given.json.data.map(({ kind, granted }) => [kind, granted]),
            [['terms', true]],
        );
        const young = await confirmed(openid.person(fresh()));
        const birth_date = `${new Date().getUTCFullYear() - 10}-01-01`;
        rejected(await callback({ ...young, birth_date }), 422, 'VALIDATION_FAILED', /parent_email/);
        const parent_email = fresh();
        const child = await callback({ ...young, birth_date, parent_email });
        assert.equal(child.status, 200, child.text);
        rejected(
            await ask(ports[1], { path: '/api/v1/conversations', token: child.json.data.access_token }),
            403,
            'CONSENT_NEEDED',
        );
        await eventually('the parent receives a mail', () => system.mail(parent_email).length === 1);
        rejected(await callback(young), 400, 'FLOW_INVALID');
    } finally {
        await system.rows(`update system_settings set value = '"optional"' where key = 'age_gate'`);
    }
});

test('a signed-in user links identities, alone sees them and keeps the last way to sign in', async ({
    system,
    ports,
    join,
    post,
    openid,
    confirmed,
    callback,
}) => {
    const [ann, bob] = [await join(), await join()];
    const mine = (token) => ask(ports[1], { path: '/api/v1/auth/identities', token });
    const remove = (id, token) => ask(ports[0], { method: 'DELETE', path: `/api/v1/auth/identities/${id}`, token });
    const link = (fields, token) => post('/auth/identities', fields, { token });
    const subject = openid.person(fresh(), { email_verified: false });
    const flow = await confirmed(subject, ann.token);
    rejected(await link(flow, null), 401, 'UNAUTHENTICATED');
    rejected(await link(flow, bob.token), 400, 'FLOW_INVALID');
    rejected(await callback(flow), 400, 'FLOW_INVALID');
    const linked = await link(flow, ann.token);
    assert.equal(linked.status, 201, linked.text);
    rejected(await link(flow, ann.token), 400, 'FLOW_INVALID');
    rejected(await link(await confirmed(subject), ann.token), 400, 'FLOW_INVALID');
    rejected(await link(await confirmed(subject, bob.token), bob.token), 409, 'IDENTITY_TAKEN');
    assert.equal(
        (await link(await confirmed(subject, ann.token), ann.token)).json.data.id,
        linked.json.data.id,
        'repeating it is harmless',
    );
    assert.deepEqual((await mine(bob.token)).json.data, []);
    assert.deepEqual(
        (await mine(ann.token)).json.data.map((one) => [one.id, one.provider]),
        [[linked.json.data.id, 'oidc']],
    );
    assert.equal((await callback(await confirmed(subject))).json.data.user.id, ann.id);
    rejected(await remove(linked.json.data.id, bob.token), 404);
    assert.equal((await remove(linked.json.data.id, ann.token)).status, 200);
    rejected(await remove(linked.json.data.id, ann.token), 404);
    // An account without a password retains its last identity.
    const only = openid.person(fresh());
    const { access_token: token } = (await callback(await confirmed(only))).json.data;
    const [{ id }] = (await mine(token)).json.data;
    rejected(await remove(id, token), 409, 'LAST_SIGN_IN');
    const second = await link(await confirmed(openid.person(fresh()), token), token);
    const both = await Promise.all([remove(id, token), remove(second.json.data.id, token)]);
    assert.deepEqual(both.map((one) => one.status).sort(), [200, 409], 'not both at once');
    const [{ n }] = await system.rows(
        `select count(*)::int as n from audit_log
            where action in ('identity.linked', 'identity.unlinked') and user_id = $1`,
        [ann.id],
    );
    assert.equal(n, 2);
});

test('an app signs in once with an ID token for its own nonce (openid-client)', async ({
    openid,
    post,
    callback,
    confirmed,
    tokenFor: idToken,
}) => {
    const subject = openid.person(fresh());
    const tokenFor = (...what) => idToken(subject, ...what);
    const submitToken = (id_token, nonce, provider = 'oidc') =>
        post(`/auth/oauth/${provider}/id-token`, { id_token, nonce });
    const nonce = generators.nonce();
    const first = await tokenFor(hash(nonce));
    rejected(await submitToken(first, generators.nonce()), 401, 'IDENTITY_REFUSED');
    rejected(await submitToken(await tokenFor(nonce), nonce), 401, 'IDENTITY_REFUSED');
    const token = await tokenFor(hash(nonce));
    const done = await submitToken(token, nonce);
    assert.equal(done.status, 200, done.text);
    rejected(await submitToken(token, nonce), 400, 'FLOW_INVALID');
    rejected(await submitToken(await tokenFor(hash(nonce), 'stranger'), nonce), 401, 'IDENTITY_REFUSED');
    rejected(await submitToken(await tokenFor(hash(nonce)), nonce, 'google'), 401, 'IDENTITY_REFUSED');
    rejected(await submitToken(await tokenFor(hash(nonce)), nonce, 'discord'), 400, 'FLOW_INVALID');
    rejected(await submitToken('a.b.c', nonce), 401, 'IDENTITY_REFUSED');
    rejected(await submitToken('a'.repeat(16_385), nonce), 422, 'VALIDATION_FAILED');
    assert.equal(
        (await callback(await confirmed(subject))).json.data.user.id,
        done.json.data.user.id,
        'on the web it is the same user',
    );
});
