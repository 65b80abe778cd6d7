// Privacy: the age gate and the parent's agreement, consents, onboarding and account activity.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { address, password, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts();

const call = (port, token) => (method, path, json) =>
    ask(port, { method, path: `/api/v1${path}`, token, json, from: address() });
const email = () => `${crypto.randomUUID()}@example.com`;
// The birth date of someone of that age, so many days off.
const born = (years, days = 0) => {
    const day = new Date();
    day.setUTCFullYear(day.getUTCFullYear() - years, day.getUTCMonth(), day.getUTCDate() + days);
    return day.toISOString().slice(0, 10);
};
const setting = (system, key, value) =>
    system.rows('update system_settings set value = $2 where key = $1', [key, JSON.stringify(value)]);
// The token of the newest mail of a kind to an address.
const tokenOf = (system, to, kind, count = 1) =>
    eventually(`${count} mails ${kind} to ${to}`, () => {
        const links = system
            .mail(to)
            .map((mail) => mail.link)
            .filter((link) => link?.includes(`/?${kind}=`));
        return links.length >= count && new URL(links.at(-1)).searchParams.get(kind);
    });

async function child({ system, ports, post }) {
    const account = { email: email(), parent: email() };
    const { status, json, text } = await post('/auth/signup', {
        email: account.email,
        password,
        display_name: 'Kim',
        metadata: { school: 'x' },
        birth_date: born(12),
        parent_email: account.parent,
        consents: [{ kind: 'terms', version: '1' }],
    });
    assert.equal(status, 201, text);
    assert.equal(json.data.user.pending, true);
    Object.assign(account, { id: json.data.user.id, token: json.data.access_token });
    return {
        ...account,
        api: call(ports[0], account.token),
        consent: await tokenOf(system, account.parent, 'parental_consent'),
    };
}

test("SAAS-07: a missing or impossible birth date is rejected, and a child needs a parent's own address", async ({
    system,
    post,
}) => {
    const join = (more) => post('/auth/signup', { email: email(), password, ...more });
    for (const missing of [{}, { birth_date: null }])
        rejected(await join(missing), 422, 'VALIDATION_FAILED', /birth_date/);
    await setting(system, 'age_gate', 'optional');
    for (const birth_date of [
        '2023-02-29',
        '1900-02-29',
        '2024-13-01',
        '0000-01-01',
        '1899-12-31',
        born(0, 1),
        '9999-12-31',
        '29-02-2024',
        '2024-2-29',
        7,
        '',
    ])
        rejected(await join({ birth_date }), 422, 'VALIDATION_FAILED', /birth_date/);
    for (const birth_date of ['2000-02-29', '1900-01-01', born(13), null])
        assert.equal((await join({ birth_date })).json.data.user.pending, false, birth_date);
    rejected(await join({ birth_date: born(13, 1) }), 422, 'VALIDATION_FAILED', /parent_email/);
    rejected(await join({ birth_date: born(0), parent_email: 'nobody' }), 422, 'VALIDATION_FAILED', /parent_email/);
    const own = email();
    rejected(
        await post('/auth/signup', { email: own, password, birth_date: born(10), parent_email: own.toUpperCase() }),
        422,
        'VALIDATION_FAILED',
        /parent_email/,
    );
    rejected(
        await join({ birth_date: born(17), consents: [{ kind: 'analytics', version: '1' }] }),
        422,
        'VALIDATION_FAILED',
        /consents/,
    );
    for (const wrong of [
        [{ kind: 'parental', version: '1' }],
        [{ kind: 'terms' }],
        Array(11).fill({ kind: 'terms', version: '1' }),
        {},
    ])
        rejected(await join({ consents: wrong }), 422, 'VALIDATION_FAILED', /consents/);
    await setting(system, 'age_gate', 'off');
    const free = await join({ birth_date: born(5) });
    assert.equal(free.json.data.user.pending, false);
    const [{ birth_date }] = await system.rows('select birth_date from users where id = $1', [free.json.data.user.id]);
    assert.equal(birth_date, null, 'unknown fields are not stored');
    await setting(system, 'age_gate', 'required');
    const [{ n }] = await system.rows("select count(*)::int as n from users where birth_date not like 'sealed:%'");
    assert.equal(n, 0, 'none is stored as it is');
});

test('SAAS-07: a pending child has session, logout, help and a new request until the parent agrees', async (stage) => {
    const { system, ports, post } = stage;
    const account = await child(stage);
    const document = (await ask(ports[0], { path: '/openapi.json' })).json;
    const may = ['/auth/session', '/auth/me', '/auth/logout', '/auth/parental-consent/request', '/users/me'];
    const help = /^(post .*\/crisis\/alerts|get .*\/crisis\/alerts\/mine|post .*\/false-alarm)$/;
    for (const [path, item] of Object.entries(document.paths)) {
        if (may.some((one) => path.endsWith(one))) continue;
        for (const [method, operation] of Object.entries(item)) {
            if (operation.security.length === 0 || help.test(`${method} ${path}`)) continue;
            const at = path.replaceAll(/\{\w+\}/g, crypto.randomUUID());
            rejected(
                await ask(ports[0], { method: method.toUpperCase(), path: at, token: account.token, from: address() }),
                403,
                'CONSENT_NEEDED',
            );
        }
    }
    rejected(await Wire.rejection(ports[1], account.token), 403, 'CONSENT_NEEDED');
    assert.equal((await account.api('GET', '/auth/session')).json.data.user.pending, true);
    assert.equal((await post('/auth/login', { email: account.email, password })).json.data.user.pending, true);
    assert.equal((await account.api('POST', '/auth/parental-consent/request', {})).status, 202);
    const second = await tokenOf(system, account.parent, 'parental_consent', 2);
    assert.deepEqual(system.mail(account.email), [], 'the child gets no mail');
    const shown = await post('/auth/parental-consent/details', { token: second });
    assert.deepEqual(
        [shown.json.data.child, shown.json.data.email, shown.json.data.birth_date],
        ['Kim', account.email, born(12)],
    );
    for (const token of ['x', `${second}x`, account.token.slice(0, 200)]) {
        rejected(await post('/auth/parental-consent/details', { token }), 400, 'LINK_INVALID');
        rejected(await post('/auth/parental-consent', { token, agree: true }), 400, 'LINK_INVALID');
    }
    rejected(await post('/auth/verify-email', { token: second }), 400, 'LINK_INVALID');
    rejected(await post('/auth/magic-link/login', { token: second }), 400, 'LINK_INVALID');
    const both = await Promise.all(
        [account.consent, second].map((token, i) =>
            post('/auth/parental-consent', { token, agree: true }, { port: ports[i] }),
        ),
    );
    assert.deepEqual(both.map((one) => one.status).sort(), [200, 400], 'two links at two gateways at once');
    rejected(await post('/auth/parental-consent', { token: second, agree: false }), 400, 'LINK_INVALID');
    await eventually('the account is active', async () => (await account.api('GET', '/conversations')).status === 200);
    rejected(await account.api('POST', '/auth/parental-consent/request', {}), 409, 'NO_CONSENT_NEEDED');
    const consents = (await account.api('GET', '/users/consents')).json.data;
    assert.deepEqual(
        consents.map((one) => [one.kind, one.granted]),
        [
            ['parental', true],
            ['terms', true],
        ],
    );
});

test("SAAS-07: a child's profile holds only a name, and minors cannot consent to analytics", async (stage) => {
    const { system, post, ports } = stage;
    const account = await child(stage);
    await post('/auth/parental-consent', { token: account.consent, agree: true });
    await eventually('the account is active', async () => (await account.api('GET', '/users/profile')).status === 200);
    const [{ url: avatar }] = (await account.api('GET', '/avatars')).json.data;
    const profile = (
        await account.api('PATCH', '/users/profile', { avatar, metadata: { school: 'y' }, display_name: 'Kim B.' })
    ).json.data;
    assert.deepEqual(
        [profile.minor, profile.display_name, profile.avatar, profile.metadata],
        [true, 'Kim B.', null, {}],
    );
    await post('/auth/login', { email: account.email, password });
    await post('/auth/login', { email: account.email, password: 'wrong password' });
    for (const table of ['sessions', 'login_history', 'audit_log'])
        for (const row of await system.rows(`select * from ${table} where user_id = $1`, [account.id]))
            assert.deepEqual([row.address ?? null, row.user_agent ?? null], [null, null], table);
    const analytics = { kind: 'analytics', granted: true, version: '1' };
    rejected(await account.api('PUT', '/users/consents', analytics), 403, 'MINOR');
    const older = (await post('/auth/signup', { email: email(), password, birth_date: born(17) })).json.data;
    assert.equal((await call(ports[0], older.access_token)('GET', '/users/profile')).json.data.minor, true);
    rejected(await call(ports[0], older.access_token)('PUT', '/users/consents', analytics), 403, 'MINOR');
    const grown = (await post('/auth/signup', { email: email(), password, birth_date: born(18) })).json.data
        .access_token;
    assert.equal((await call(ports[0], grown)('PUT', '/users/consents', analytics)).status, 200);
    assert.equal((await call(ports[0], grown)('GET', '/users/profile')).json.data.minor, false);
});

test("SAAS-07: a parent's refusal, two weeks' silence or the child's withdrawal deletes the account", async (stage) => {
    const { system, post } = stage;
    const [refusedOne, silent, leaving, late] = [
        await child(stage),
        await child(stage),
        await child(stage),
        await child(stage),
    ];
    assert.deepEqual((await post('/auth/parental-consent', { token: refusedOne.consent, agree: false })).json.data, {
        agreed: false,
    });
    await eventually('its session is over', async () => (await refusedOne.api('GET', '/auth/session')).status === 401);
    rejected(await post('/auth/login', { email: refusedOne.email, password }), 401, 'WRONG_CREDENTIALS');
    rejected(await post('/auth/parental-consent', { token: refusedOne.consent, agree: true }), 400, 'LINK_INVALID');
    rejected(await leaving.api('DELETE', '/users/me', { password: 'wrong password' }), 403, 'WRONG_PASSWORD');
    assert.equal((await leaving.api('DELETE', '/users/me', { password })).status, 200);
    rejected(await post('/auth/restore', { email: leaving.email, password }), 403, 'ACCOUNT_DELETED');
    await system.rows("update email_links set expires_at = now() - interval '1 second' where user_id = $1", [late.id]);
    rejected(await post('/auth/parental-consent', { token: late.consent, agree: true }), 400, 'LINK_INVALID');
    await system.rows("update users set created_at = now() - interval '15 days' where id = $1", [silent.id]);
    await system.rows('select job_erasures()');
    for (const account of [refusedOne, silent, leaving]) {
        const [row] = await system.rows('select * from users where id = $1', [account.id]);
        assert.match(row.email, /@erased\.invalid$/);
        assert.deepEqual(
            [row.status, row.display_name, row.birth_date, row.parent_email, row.password_hash],
            ['deleted', null, null, null, null],
        );
    }
    assert.equal(
        (await late.api('POST', '/auth/parental-consent/request', {})).status,
        202,
        'a new request is possible in time',
    );
});

test("a parent's address receives at most five mails an hour from any number of children", async (stage) => {
    const { system, post } = stage;
    const parent = email();
    for (let i = 0; i < 7; ++i)
        assert.equal(
            (await post('/auth/signup', { email: email(), password, birth_date: born(9), parent_email: parent }))
                .status,
            201,
        );
    await tokenOf(system, parent, 'parental_consent', 5);
    const last = await child(stage);
    assert.ok(last.consent);
    assert.equal(system.mail(parent).length, 5);
});

test('SAAS-08: every consent change is recorded, and the API returns the current consents', async ({
    system,
    ports,
    join,
}) => {
    const account = await join();
    const [one, other] = ports.map((port) => call(port, account.token));
    assert.deepEqual((await one('GET', '/users/consents')).json.data, []);
    for (const granted of [true, false, true])
        assert.equal(
            (await one('PUT', '/users/consents', { kind: 'marketing', granted, version: '2024-09' })).json.data.granted,
            granted,
        );
    await one('PUT', '/users/consents', { kind: 'marketing', granted: false, version: '2025-01' });
    const current = (await other('GET', '/users/consents')).json.data;
    assert.deepEqual(
        current.map(({ kind, granted, version }) => ({ kind, granted, version })),
        [{ kind: 'marketing', granted: false, version: '2025-01' }],
    );
    const rows = await system.rows(
        'select granted, host(address) as address from consents where user_id = $1 order by at',
        [account.id],
    );
    assert.deepEqual(
        rows.map((row) => row.granted),
        [true, false, true, false],
    );
    assert.match(rows[0].address, /^127\./);
    for (const wrong of [
        { kind: 'parental', granted: true, version: '1' },
        { kind: 'terms', granted: 'yes', version: '1' },
        { kind: 'terms', granted: true, version: 'a b' },
        { kind: 'terms', granted: true },
    ])
        rejected(await one('PUT', '/users/consents', wrong), 422, 'VALIDATION_FAILED');
});

test('onboarding steps belong to the profile, and each is completed once and can be undone', async ({
    ports,
    join,
    system,
}) => {
    const account = await join();
    const api = call(ports[0], account.token);
    const none = (await api('GET', '/users/onboarding')).json.data;
    assert.deepEqual(
        none.steps.map((step) => [step.id, step.done_at]),
        [
            ['companion', null],
            ['first_message', null],
            ['profile', null],
        ],
    );
    assert.equal(none.completed, false);
    const first = (await api('PUT', '/users/onboarding/companion', { done: true })).json.data.steps[0].done_at;
    assert.ok(Date.parse(first) > Date.now() - 60_000);
    assert.equal(
        (await api('PUT', '/users/onboarding/companion', { done: true })).json.data.steps[0].done_at,
        first,
        'again',
    );
    for (const step of ['first_message', 'profile']) await api('PUT', `/users/onboarding/${step}`, { done: true });
    assert.equal((await api('GET', '/users/onboarding')).json.data.completed, true);
    assert.equal((await api('PUT', '/users/onboarding/profile', { done: false })).json.data.completed, false);
    for (const step of ['none', 'x'.repeat(500), "' or true --"])
        rejected(await api('PUT', `/users/onboarding/${encodeURIComponent(step)}`, { done: true }), 404, 'NOT_FOUND');
    rejected(await api('PATCH', '/users/profile', { onboarding: { profile: 'now' } }), 422, 'VALIDATION_FAILED');
    await system.rows("delete from system_settings where key = 'onboarding_steps'");
    const empty = (await api('GET', '/users/onboarding')).json.data;
    assert.deepEqual([empty.steps, empty.completed], [[], true]);
});

test('AIRI-08: the account activity is listed in pages and is visible to its owner only', async ({
    ports,
    join,
    post,
}) => {
    const account = await join();
    const api = call(ports[0], account.token);
    await post('/auth/login', { email: account.email, password });
    const key = (await api('POST', '/api-keys', { name: 'mine' })).json.data;
    await api('DELETE', `/api-keys/${key.id}`);
    await api('PUT', '/users/consents', { kind: 'terms', granted: true, version: '1' });
    await api('POST', '/auth/change-password', { current_password: password, new_password: 'a new long password' });
    const whole = (await api('GET', '/users/activity?limit=50')).json.data;
    assert.deepEqual(whole.map((one) => one.action).sort(), [
        'api_key.created',
        'api_key.revoked',
        'consent.recorded',
        'password.changed',
        'session.ended',
        'session.opened',
        'session.opened',
    ]);
    assert.ok(whole.every((one) => one.by_me));
    assert.match(whole.at(-1).address, /^127\./);
    assert.equal(whole.find((one) => one.action === 'api_key.created').details.name, 'mine');
    const pages = [];
    for (let cursor = ''; cursor !== null;) {
        const page = await api('GET', `/users/activity?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        pages.push(...page.json.data);
        cursor = page.json.meta.next_cursor;
    }
    assert.deepEqual(pages, whole);
    rejected(await api('GET', '/users/activity?cursor=nonsense'), 400, 'BAD_REQUEST');
    const other = (await call(ports[1], (await join()).token)('GET', '/users/activity')).json.data;
    assert.deepEqual(
        other.map((one) => one.action),
        ['session.opened'],
    );
});
