// Signing in with an identity provider, through Kafka and the identity worker: a certified OpenID provider whose own pages are used.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Issuer, generators } from 'openid-client';

import { eventually } from '../support/js/system/wait.mjs';
import { withIdentities, redirect } from '../support/js/identities.mjs';
import { ask, refused } from '../support/js/raw.mjs';

const test = await withIdentities();
const fresh = () => `${crypto.randomUUID()}@example.com`;
const hash = (text) => createHash('sha256').update(text).digest('hex');
const verify = (system, id) => system.rows('update users set email_verified_at = now() where id = $1', [id]);

test('SAAS-02: somebody new gets an account, comes back to it, and cannot log in with a password', async ({ system, ports, post, openid, confirmed, callback, profile, start }) => {
    const offered = await ask(ports[1], { path: '/api/v1/auth/oauth' });
    assert.deepEqual(offered.json.data, [
        { name: 'google', title: 'Google', id_tokens: true }, { name: 'apple', title: 'Apple', id_tokens: true },
        { name: 'discord', title: 'Discord', id_tokens: false }, { name: 'oidc', title: 'Example ID', id_tokens: true }]);
    const email = fresh();
    const subject = openid.person(email);
    const first = await callback(await confirmed(subject), { port: ports[1] });
    assert.equal(first.status, 200, first.text);
    const { user, access_token: token, token_type: type } = first.json.data;
    assert.deepEqual([user.email, user.display_name, type], [email, 'Ada L.', 'bearer']);
    assert.equal((await profile(token)).email_verified, true);
    const again = await callback(await confirmed(subject));
    assert.equal(again.json.data.user.id, user.id);
    for (const password of ['', 'x', 'null'])
        refused(await post('/auth/login', { email, password }), 401, 'WRONG_CREDENTIALS');
    const history = await ask(ports[0], { path: '/api/v1/auth/login-history', token });
    assert.equal(history.json.data.filter((one) => one.outcome === 'success').length, 2);
    const [flow] = await system.rows('select * from identity_flows where subject = $1 limit 1', [subject]);
    assert.deepEqual([flow.state, flow.credential, flow.verifier, flow.email, flow.name], ['used', null, null, null, null], 'nothing is kept of it');
    const [{ n }] = await system.rows("select count(*)::int as n from audit_log where user_id = $1 and action = 'account.created'", [user.id]);
    assert.equal(n, 1);
    const { parameters } = await start('oidc');
    assert.equal(parameters.redirect_uri, redirect);
    assert.equal(parameters.code_challenge_method, 'S256');
    refused(await post('/auth/oauth/nobody/start', {}), 404, 'NOT_FOUND');
});

test('what was planted, forged, used or changed signs nobody in', async ({ system, post, openid, confirmed, callback, start }) => {
    const [mine, theirs] = [await confirmed(openid.person(fresh())), await confirmed(openid.person(fresh()))];
    const bad = async (fields) => refused(await callback(fields), 400, 'FLOW_INVALID');
    await bad({ ...mine, state: 'x' });
    await bad({ ...mine, state: theirs.state });
    await bad({ ...mine, binding: theirs.binding });
    await bad({ ...mine, binding: 'x' });
    await bad({ ...mine, iss: 'http://127.0.0.1:1' });
    await bad({ ...mine, state: hash(mine.state) });
    refused(await callback({ state: mine.state, code: mine.code }), 422, 'VALIDATION_FAILED', /binding/);
    assert.equal((await callback(mine)).status, 200, 'none of that has used it up');
    await bad(mine);
    // Somebody else's code in one's own flow: the provider refuses it for its PKCE, and the flow is over.
    const own = await start('oidc');
    refused(await callback({ ...theirs, state: own.state, binding: own.binding }), 401, 'IDENTITY_REFUSED');
    await bad({ ...theirs, state: own.state, binding: own.binding });
    // A flow has one answer.
    const other = await confirmed(openid.person(fresh()));
    await system.stop('oauth-1');
    const waiting = callback(other);
    await eventually('it is presented', async () => (await system.rows("select 1 from identity_flows where state_hash = $1 and state = 'presented'", [hash(other.state)]))[0]);
    await bad({ ...other, code: 'another' });
    await system.start('oauth-1');
    assert.equal((await waiting).status, 200);
    const late = await confirmed(openid.person(fresh()));
    await system.rows("update identity_flows set expires_at = now() - interval '1 second' where state_hash = $1", [hash(late.state)]);
    await bad(late);
    await system.rows('select job_identity_flows()');
    const [gone] = await system.rows('select state, verifier, credential from identity_flows where state_hash = $1', [hash(late.state)]);
    assert.deepEqual(gone, { state: 'started', verifier: null, credential: null });
    for (const fields of [{ ...mine, state: '\u0000' }, { ...mine, code: 'a'.repeat(4001) }, { ...mine, more: 1 }])
        assert.ok([400, 422].includes((await post('/auth/oauth/callback', fields)).status));
});

test('one answer brought to two gateways at once signs in once, and its code is exchanged once', async ({ ports, google, told, callback }) => {
    for (let round = 0; round < 5; ++round) {
        const flow = await told({ sub: `racer ${round}`, email: fresh(), email_verified: true });
        google.asked.length = 0;
        const all = await Promise.all([...ports, ...ports].map((port) => callback(flow, { port })));
        assert.deepEqual(all.map((one) => one.status).sort(), [200, 400, 400, 400]);
        assert.equal(google.asked.filter(({ path }) => path === '/token').length, 1);
    }
});

test('two flows of one new person at once make one account', async ({ system, ports, openid, confirmed, callback }) => {
    const subject = openid.person(fresh());
    const two = await Promise.all([confirmed(subject), confirmed(subject)]);
    const answers = await Promise.all(two.map((flow, i) => callback(flow, { port: ports[i] })));
    assert.deepEqual(answers.map((one) => one.status), [200, 200]);
    assert.equal(answers[0].json.data.user.id, answers[1].json.data.user.id);
    const [{ n }] = await system.rows('select count(*)::int as n from user_identities where subject = $1', [subject]);
    assert.equal(n, 1);
});

test('an account is taken over by no address that is not surely the same person\'s', async ({ system, join, openid, confirmed, callback }) => {
    const [victim, squatted] = [await join(), await join()];
    await verify(system, victim.id);
    const taken = async (email, more) => refused(await callback(await confirmed(openid.person(email, more))), 409, 'EMAIL_TAKEN', /log in/);
    await taken(victim.email, { email_verified: false });
    await taken(victim.email.toUpperCase(), { email_verified: undefined });
    // Whoever registered the address before its owner never showed that it is his.
    await taken(squatted.email);
    const no = async (email, more) => refused(await callback(await confirmed(openid.person(email, more))), 403, 'EMAIL_UNVERIFIED');
    await no(fresh(), { email_verified: false });
    await no(undefined, {});
    await no(`v\u0456ctim@example.com`);
    const [{ n }] = await system.rows('select count(*)::int as n from user_identities where user_id = any ($1)', [[victim.id, squatted.id]]);
    assert.equal(n, 0);
    const linked = await callback(await confirmed(openid.person(victim.email.toUpperCase())));
    assert.equal(linked.json.data.user.id, victim.id, 'both say that the address is hers');
});

test('the second factor is asked for, a suspended account stays out, a deleted one too', async ({ system, ports, openid, confirmed, callback }) => {
    const subject = openid.person(fresh());
    const { user } = (await callback(await confirmed(subject))).json.data;
    await system.rows("insert into two_factor (user_id, secret, enabled_at, recovery_codes) values ($1, 'x', now(), array[encode(sha256('0011223344556677'), 'hex')])", [user.id]);
    const flow = await confirmed(subject);
    refused(await callback(flow), 401, 'TWO_FACTOR_REQUIRED');
    refused(await callback({ ...flow, second_factor: '000000' }, { port: ports[1] }), 401, 'WRONG_CODE');
    refused(await callback({ ...flow, code: 'another', second_factor: '0011223344556677' }), 400, 'FLOW_INVALID');
    const good = await callback({ ...flow, second_factor: '0011223344556677' }, { port: ports[1] });
    assert.equal(good.status, 200, good.text);
    refused(await callback({ ...flow, second_factor: '0011223344556677' }), 400, 'FLOW_INVALID');
    await system.rows('delete from two_factor where user_id = $1', [user.id]);
    for (const [status, code] of [['suspended', 'ACCOUNT_SUSPENDED'], ['banned', 'ACCOUNT_BANNED'], ['deleted', 'ACCOUNT_DELETED']]) {
        await system.rows('update users set status = $2 where id = $1', [user.id, status]);
        refused(await callback(await confirmed(subject)), 403, code);
    }
    await system.rows("update users set status = 'suspended', status_until = now() - interval '1 minute' where id = $1", [user.id]);
    assert.equal((await callback(await confirmed(subject))).status, 200);
});

test('SAAS-02 SAAS-07: who comes by a provider passes the age gate too, with the same answer of the provider', async ({ system, ports, openid, confirmed, callback }) => {
    await system.rows(`update system_settings set value = '"required"' where key = 'age_gate'`);
    try {
        const grown = await confirmed(openid.person(fresh()));
        refused(await callback(grown), 422, 'VALIDATION_FAILED', /birth_date/);
        refused(await callback({ ...grown, birth_date: '2999-01-01' }), 422, 'VALIDATION_FAILED', /birth_date/);
        const adult = await callback({ ...grown, birth_date: '1990-02-28', consents: [{ kind: 'terms', version: '1' }] });
        assert.equal(adult.status, 200, adult.text);
        const given = await ask(ports[0], { path: '/api/v1/users/consents', token: adult.json.data.access_token });
        assert.deepEqual(given.json.data.map(({ kind, granted }) => [kind, granted]), [['terms', true]]);
        const young = await confirmed(openid.person(fresh()));
        const birth_date = `${new Date().getUTCFullYear() - 10}-01-01`;
        refused(await callback({ ...young, birth_date }), 422, 'VALIDATION_FAILED', /parent_email/);
        const parent_email = fresh();
        const child = await callback({ ...young, birth_date, parent_email });
        assert.equal(child.status, 200, child.text);
        refused(await ask(ports[1], { path: '/api/v1/conversations', token: child.json.data.access_token }), 403, 'CONSENT_NEEDED');
        await eventually('the parent is written to', async () => (await system.rows('select 1 from email_links where email = $1', [parent_email])).length === 1);
        refused(await callback(young), 400, 'FLOW_INVALID');
    } finally {
        await system.rows(`update system_settings set value = '"optional"' where key = 'age_gate'`);
    }
});

test('identities are linked by who is signed in, seen by him alone, and the last way to sign in stays', async ({ system, ports, join, post, openid, confirmed, callback }) => {
    const [ann, bob] = [await join(), await join()];
    const mine = (token) => ask(ports[1], { path: '/api/v1/auth/identities', token });
    const remove = (id, token) => ask(ports[0], { method: 'DELETE', path: `/api/v1/auth/identities/${id}`, token });
    const link = (fields, token) => post('/auth/identities', fields, { token });
    const subject = openid.person(fresh(), { email_verified: false });
    const flow = await confirmed(subject, ann.token);
    refused(await link(flow, null), 401, 'UNAUTHENTICATED');
    refused(await link(flow, bob.token), 400, 'FLOW_INVALID');
    refused(await callback(flow), 400, 'FLOW_INVALID');
    const linked = await link(flow, ann.token);
    assert.equal(linked.status, 201, linked.text);
    refused(await link(flow, ann.token), 400, 'FLOW_INVALID');
    refused(await link(await confirmed(subject), ann.token), 400, 'FLOW_INVALID');
    refused(await link(await confirmed(subject, bob.token), bob.token), 409, 'IDENTITY_TAKEN');
    assert.equal((await link(await confirmed(subject, ann.token), ann.token)).json.data.id, linked.json.data.id, 'again is no harm');
    assert.deepEqual((await mine(bob.token)).json.data, []);
    assert.deepEqual((await mine(ann.token)).json.data.map((one) => [one.id, one.provider]), [[linked.json.data.id, 'oidc']]);
    assert.equal((await callback(await confirmed(subject))).json.data.user.id, ann.id);
    refused(await remove(linked.json.data.id, bob.token), 404);
    assert.equal((await remove(linked.json.data.id, ann.token)).status, 200);
    refused(await remove(linked.json.data.id, ann.token), 404);
    // An account without a password keeps its last identity.
    const only = openid.person(fresh());
    const { access_token: token } = (await callback(await confirmed(only))).json.data;
    const [{ id }] = (await mine(token)).json.data;
    refused(await remove(id, token), 409, 'LAST_SIGN_IN');
    const second = await link(await confirmed(openid.person(fresh()), token), token);
    const both = await Promise.all([remove(id, token), remove(second.json.data.id, token)]);
    assert.deepEqual(both.map((one) => one.status).sort(), [200, 409], 'not both at once either');
    const [{ n }] = await system.rows("select count(*)::int as n from audit_log where action in ('identity.linked', 'identity.unlinked') and user_id = $1", [ann.id]);
    assert.equal(n, 2);
});

test('an app signs in with an ID token that it got itself (openid-client), once, for its own nonce', async ({ openid, post, callback, confirmed }) => {
    const subject = openid.person(fresh());
    const issuer = await Issuer.discover(openid.issuer);
    const tokenFor = async (nonce, client_id = 'phone') => {
        const client = new issuer.Client({ client_id, token_endpoint_auth_method: 'none', response_types: ['code'] });
        const [redirect_uri, code_verifier] = [client_id === 'phone' ? 'com.example.phone:/back' : 'com.example.other:/back', generators.codeVerifier()];
        const url = client.authorizationUrl({ scope: 'openid email', redirect_uri, nonce, code_challenge: generators.codeChallenge(code_verifier), code_challenge_method: 'S256',
            claims: JSON.stringify({ id_token: { email: { essential: true }, email_verified: { essential: true } } }) });
        const back = await openid.visit(url, subject);
        return (await client.callback(redirect_uri, back, { code_verifier, nonce })).id_token;
    };
    const bring = (id_token, nonce, provider = 'oidc') => post(`/auth/oauth/${provider}/id-token`, { id_token, nonce });
    const nonce = generators.nonce();
    const first = await tokenFor(nonce);
    refused(await bring(first, generators.nonce()), 401, 'IDENTITY_REFUSED');
    const token = await tokenFor(nonce);
    const done = await bring(token, nonce);
    assert.equal(done.status, 200, done.text);
    refused(await bring(token, nonce), 400, 'FLOW_INVALID');
    refused(await bring(await tokenFor(nonce, 'stranger'), nonce), 401, 'IDENTITY_REFUSED');
    refused(await bring(await tokenFor(nonce), nonce, 'google'), 401, 'IDENTITY_REFUSED');
    refused(await bring(await tokenFor(nonce), nonce, 'discord'), 400, 'FLOW_INVALID');
    refused(await bring('a.b.c', nonce), 401, 'IDENTITY_REFUSED');
    refused(await bring('a'.repeat(16_385), nonce), 422, 'VALIDATION_FAILED');
    const raw = generators.nonce();
    assert.equal((await bring(await tokenFor(hash(raw)), raw)).status, 200, 'hashed, as Apple wants it');
    assert.equal((await callback(await confirmed(subject))).json.data.user.id, done.json.data.user.id, 'on the web it is the same person');
});

test('without the worker nothing hangs, without Redis it goes on, and what was brought is not lost', async ({ system, ports, openid, confirmed, callback }) => {
    const flow = await confirmed(openid.person(fresh()));
    await system.kill('oauth-1');
    const left = callback(await confirmed(openid.person(fresh())), { port: ports[1] }).catch(() => null);
    const presented = "select 1 from identity_flows where state = 'presented'";
    await eventually('somebody waits at a gateway that leaves', async () => (await system.rows(presented)).length === 1);
    assert.equal(await system.stop('gateway-2'), 0);
    await left;
    await system.start('gateway-2');
    const begun = Date.now();
    const none = await callback(flow);
    refused(none, 503, 'TRY_AGAIN');
    assert.ok(none.headers['retry-after']);
    assert.ok(Date.now() - begun < 14_000, `${Date.now() - begun} ms`);
    await system.start('oauth-1');
    assert.equal((await callback(flow)).status, 200);
    const other = await confirmed(openid.person(fresh()));
    await system.kill('redis');
    try {
        assert.equal((await callback(other)).status, 200, 'Postgres is asked');
    } finally {
        await system.start('redis');
    }
    // A worker that died with the code in its hands: the person begins again.
    const lost = await confirmed(openid.person(fresh()));
    await system.rows("update identity_flows set state = 'claimed', claimed_at = now() - interval '21 seconds' where state_hash = $1", [hash(lost.state)]);
    refused(await callback(lost), 400, 'FLOW_INVALID');
});

test('no code, verifier or token is in a log or in Kafka', async ({ system, openid, confirmed, callback }) => {
    const flow = await confirmed(openid.person(fresh()));
    const [{ verifier }] = await system.rows('select verifier from identity_flows where state_hash = $1', [hash(flow.state)]);
    const { access_token: token } = (await callback(flow)).json.data;
    const secrets = [flow.state, flow.binding, flow.code, verifier, token, openid.clientSecret];
    for (const file of system.logFiles()) {
        const text = readFileSync(file, 'latin1');
        for (const one of secrets) assert.ok(!text.includes(one), `${file} has ${one.slice(0, 8)}…`);
    }
    const consumer = system.kafka.consumer({ groupId: crypto.randomUUID() });
    const events = [];
    await consumer.connect();
    await consumer.subscribe({ topic: 'identity.requested.v1', fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void events.push(JSON.parse(message.value)) });
    const [{ id }] = await system.rows('select id from identity_flows where state_hash = $1', [hash(flow.state)]);
    await eventually('the flow is in Kafka', () => events.some((one) => one.flow_id === id));
    await consumer.disconnect();
    for (const event of events) assert.deepEqual(Object.keys(event), ['flow_id', 'provider']);
});
