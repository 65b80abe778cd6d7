// Sign-in with an identity provider, through Kafka and the oauth worker: a certified OpenID provider with its own
// pages.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { eventually } from '../support/js/system/wait.mjs';
import { withIdentities, redirect } from '../support/js/identities.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withIdentities();
const fresh = () => `${crypto.randomUUID()}@example.com`;
const hash = (text) => createHash('sha256').update(text).digest('hex');

test('SAAS-02: a new person gets an account, returns to it and cannot log in with a password', async ({
    system,
    ports,
    post,
    openid,
    confirmed,
    callback,
    profile,
    start,
}) => {
    const offered = await ask(ports[1], { path: '/api/v1/auth/oauth' });
    assert.deepEqual(offered.json.data, [
        { name: 'google', title: 'Google', id_tokens: true },
        { name: 'apple', title: 'Apple', id_tokens: true },
        { name: 'discord', title: 'Discord', id_tokens: false },
        { name: 'oidc', title: 'Example ID', id_tokens: true },
    ]);
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
        rejected(await post('/auth/login', { email, password }), 401, 'WRONG_CREDENTIALS');
    const history = await ask(ports[0], { path: '/api/v1/auth/login-history', token });
    assert.equal(history.json.data.filter((one) => one.outcome === 'success').length, 2);
    const [flow] = await system.rows('select * from identity_flows where subject = $1 limit 1', [subject]);
    assert.deepEqual(
        [flow.state, flow.credential, flow.verifier, flow.email, flow.name],
        ['used', null, null, null, null],
        'no secrets of it are stored',
    );
    const [{ n }] = await system.rows(
        "select count(*)::int as n from audit_log where user_id = $1 and action = 'account.created'",
        [user.id],
    );
    assert.equal(n, 1);
    const { parameters } = await start('oidc');
    assert.equal(parameters.redirect_uri, redirect);
    assert.equal(parameters.code_challenge_method, 'S256');
    rejected(await post('/auth/oauth/nobody/start', {}), 404, 'NOT_FOUND');
});

test('a planted, forged, used or altered callback signs nobody in', async ({
    system,
    post,
    openid,
    confirmed,
    callback,
    start,
}) => {
    const [mine, theirs] = [await confirmed(openid.person(fresh())), await confirmed(openid.person(fresh()))];
    const bad = async (fields) => rejected(await callback(fields), 400, 'FLOW_INVALID');
    await bad({ ...mine, state: 'x' });
    await bad({ ...mine, state: theirs.state });
    await bad({ ...mine, binding: theirs.binding });
    await bad({ ...mine, binding: 'x' });
    await bad({ ...mine, iss: 'http://127.0.0.1:1' });
    await bad({ ...mine, state: hash(mine.state) });
    rejected(await callback({ state: mine.state, code: mine.code }), 422, 'VALIDATION_FAILED', /binding/);
    assert.equal((await callback(mine)).status, 200, 'none of these attempts consumed it');
    await bad(mine);
    // Another person's code in one's own flow: the provider rejects it for its PKCE, and the flow ends.
    const own = await start('oidc');
    rejected(await callback({ ...theirs, state: own.state, binding: own.binding }), 401, 'IDENTITY_REFUSED');
    await bad({ ...theirs, state: own.state, binding: own.binding });
    // A flow accepts one callback.
    const other = await confirmed(openid.person(fresh()));
    await system.stop('oauth-1');
    const waiting = callback(other);
    await eventually(
        'it is presented',
        async () =>
            (
                await system.rows("select 1 from identity_flows where state_hash = $1 and state = 'presented'", [
                    hash(other.state),
                ])
            )[0],
    );
    await bad({ ...other, code: 'another' });
    await system.start('oauth-1');
    assert.equal((await waiting).status, 200);
    const late = await confirmed(openid.person(fresh()));
    await system.rows("update identity_flows set expires_at = now() - interval '1 second' where state_hash = $1", [
        hash(late.state),
    ]);
    await bad(late);
    await system.rows('select job_identity_flows()');
    const [gone] = await system.rows('select state, verifier, credential from identity_flows where state_hash = $1', [
        hash(late.state),
    ]);
    assert.deepEqual(gone, { state: 'started', verifier: null, credential: null });
    for (const fields of [
        { ...mine, state: '\u0000' },
        { ...mine, code: 'a'.repeat(4001) },
        { ...mine, more: 1 },
    ])
        assert.ok([400, 422].includes((await post('/auth/oauth/callback', fields)).status));
});

test('one callback sent to two gateways at once signs in once and exchanges its code once', async ({
    ports,
    google,
    scriptedFlow,
    callback,
}) => {
    for (let round = 0; round < 5; ++round) {
        const flow = await scriptedFlow({ sub: `racer ${round}`, email: fresh(), email_verified: true });
        google.requests.length = 0;
        const all = await Promise.all([...ports, ...ports].map((port) => callback(flow, { port })));
        assert.deepEqual(all.map((one) => one.status).sort(), [200, 400, 400, 400]);
        assert.equal(google.requests.filter(({ path }) => path === '/token').length, 1);
    }
});

test('two concurrent flows of one new person create one account', async ({
    system,
    ports,
    openid,
    confirmed,
    callback,
}) => {
    const subject = openid.person(fresh());
    const two = await Promise.all([confirmed(subject), confirmed(subject)]);
    const answers = await Promise.all(two.map((flow, i) => callback(flow, { port: ports[i] })));
    assert.deepEqual(
        answers.map((one) => one.status),
        [200, 200],
    );
    assert.equal(answers[0].json.data.user.id, answers[1].json.data.user.id);
    const [{ n }] = await system.rows('select count(*)::int as n from user_identities where subject = $1', [subject]);
    assert.equal(n, 1);
});

test('an unverified address never takes over an account', async ({ system, join, openid, confirmed, callback }) => {
    const victim = await join();
    const squatted = await join(undefined, { proved: false });
    const taken = async (email, more) =>
        rejected(await callback(await confirmed(openid.person(email, more))), 409, 'EMAIL_TAKEN', /log in/);
    await taken(victim.email, { email_verified: false });
    await taken(victim.email.toUpperCase(), { email_verified: undefined });
    await taken(squatted.email, { email_verified: false });
    const no = async (email, more) =>
        rejected(await callback(await confirmed(openid.person(email, more))), 403, 'EMAIL_UNVERIFIED');
    await no(fresh(), { email_verified: false });
    await no(undefined, {});
    await no(`v\u0456ctim@example.com`);
    const [{ n }] = await system.rows('select count(*)::int as n from user_identities where user_id = any ($1)', [
        [victim.id, squatted.id],
    ]);
    assert.equal(n, 0);
    const linked = await callback(await confirmed(openid.person(victim.email.toUpperCase())));
    assert.equal(linked.json.data.user.id, victim.id, 'both sides have verified the address');
});

test('sign-in reports a stopped worker, works without Redis and loses no callback', async ({
    system,
    ports,
    openid,
    confirmed,
    callback,
}) => {
    const flow = await confirmed(openid.person(fresh()));
    await system.kill('oauth-1');
    const left = callback(await confirmed(openid.person(fresh())), { port: ports[1] }).catch(() => null);
    const presented = "select 1 from identity_flows where state = 'presented'";
    await eventually(
        'a callback waits at a gateway that drains',
        async () => (await system.rows(presented)).length === 1,
    );
    assert.equal(await system.stop('gateway-2'), 0);
    await left;
    await system.start('gateway-2');
    const begun = Date.now();
    const none = await callback(flow);
    rejected(none, 503, 'TRY_AGAIN');
    assert.ok(none.headers['retry-after']);
    assert.ok(Date.now() - begun < 14_000, `${Date.now() - begun} ms`);
    await system.start('oauth-1');
    assert.equal((await callback(flow)).status, 200);
    const other = await confirmed(openid.person(fresh()));
    await system.kill('redis');
    try {
        assert.equal((await callback(other)).status, 200, 'Postgres is read');
    } finally {
        await system.start('redis');
    }
    // A worker died with the code in its hands: the user starts again.
    const lost = await confirmed(openid.person(fresh()));
    await system.rows(
        "update identity_flows set state = 'claimed', claimed_at = now() - interval '21 seconds' where state_hash = $1",
        [hash(lost.state)],
    );
    rejected(await callback(lost), 400, 'FLOW_INVALID');
});

test('no code, verifier or token appears in a log or in Kafka', async ({ system, openid, confirmed, callback }) => {
    const flow = await confirmed(openid.person(fresh()));
    const [{ verifier }] = await system.rows('select verifier from identity_flows where state_hash = $1', [
        hash(flow.state),
    ]);
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

test('a provider that proves an address first ends what a stranger had made with it', async (stage) => {
    const { system, ports, join, login, openid, confirmed, callback, rejectedEverywhere } = stage;
    const squatted = await join('pro');
    const { key } = (
        await ask(ports[0], {
            method: 'POST',
            path: '/api/v1/api-keys',
            token: squatted.token,
            json: { name: 'x' },
        })
    ).json.data;
    const theirs = await confirmed(openid.person(fresh()), squatted.token);
    const link = (token) => ask(ports[0], { method: 'POST', path: '/api/v1/auth/identities', token, json: theirs });
    await system.rows('update users set email_verified_at = null where id = $1', [squatted.id]);
    await eventually(
        'nothing is linked',
        async () => (await link(squatted.token)).json.error.code === 'EMAIL_NOT_VERIFIED',
    );
    const subject = openid.person(squatted.email.toUpperCase());
    const owner = (await callback(await confirmed(subject))).json.data;
    assert.equal(owner.user.id, squatted.id);
    assert.equal(owner.user.email_verified, true);
    await rejectedEverywhere(squatted.token, 'SESSION_ENDED');
    rejected(await login(squatted), 401, 'WRONG_CREDENTIALS');
    rejected(await ask(ports[1], { path: '/api/v1/conversations', token: key }), 401, 'INVALID_API_KEY');
    assert.equal((await callback(await confirmed(subject))).json.data.user.id, squatted.id);
    const [{ details }] = await system.rows(
        "select details from audit_log where user_id = $1 and action = 'address.proved'",
        [squatted.id],
    );
    assert.deepEqual(details, {
        by: 'provider',
        ended: { password: true, sessions: 1, api_keys: 1, second_factors: 0, identities: 0 },
    });
    await eventually('a mail reports it', () =>
        system.mail(squatted.email).some(({ subject: title }) => /^Your address is confirmed/.test(title)),
    );
});
