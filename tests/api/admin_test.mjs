// Administration over two gateways: rights by role, immediate effect, audit records.

import assert from 'node:assert/strict';

import { generate } from 'otplib';

import { eventually } from '../support/js/system/wait.mjs';
import { address, password, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';

const test = withAccounts();
const call = (port, token) => (method, path, json) => ask(port, { method, path: `/api/v1${path}`, token, json });

// A user with that role and its calls to the first gateway.
async function joinAs({ system, ports, join }, role, plan) {
    const account = await join(plan);
    await appoint(system, account, role, ports);
    return { ...account, api: call(ports[0], account.token) };
}

const acts = [
    ['POST', '/suspend', { reason: 'x' }],
    ['POST', '/ban', { reason: 'x' }],
    ['POST', '/reinstate', {}],
    ['POST', '/end-sessions', {}],
    ['PUT', '/plan', { plan: 'plus' }],
    ['PATCH', '', { display_name: 'Ann' }],
    ['DELETE', ''],
];
const supers = [
    ['PUT', '/role', { role: 'admin' }],
    ['PATCH', '', { role: 'admin' }],
];
const reads = ['/admin/users', '/admin/settings', '/admin/feature-flags', '/admin/audit-log'];

test('a role acts only in a session with a second factor, on every route and channel', async (stage) => {
    const [staff, victim] = [await stage.join('pro'), await stage.join()];
    await stage.system.rows("update users set role = 'super', email_verified_at = now() where id = $1", [staff.id]);
    const other = (await stage.login(staff)).json.data.access_token;
    await eventually(
        'the gateway sees the role',
        async () => (await stage.session(staff.token)).json.data.user.role === 'super',
    );
    const api = call(stage.ports[0], staff.token);
    const document = (await ask(stage.ports[0], { path: '/openapi.json' })).json;
    let count = 0;
    for (const [pattern, item] of Object.entries(document.paths))
        for (const [method, operation] of Object.entries(item)) {
            if (!operation['x-roles']?.includes('super')) continue;
            const path = pattern.replaceAll('{id}', victim.id).replaceAll(/\{\w+\}/g, 'x');
            const json = method === 'get' ? undefined : {};
            const refused = await ask(stage.ports[0], { method: method.toUpperCase(), path, json, token: staff.token });
            rejected(refused, 403, 'SECOND_FACTOR_REQUIRED');
            count += 1;
        }
    assert.ok(count > 25, `${count} operations`);
    for (const [method, path, json] of [
        ['GET', ''],
        ['GET', '/stats'],
        ['GET', '/activity'],
        ['PATCH', '', { display_name: 'x' }],
        ['DELETE', '', {}],
    ])
        rejected(await api(method, `/users/${victim.id}${path}`, json), 403, 'SECOND_FACTOR_REQUIRED');
    const { key } = (await api('POST', '/api-keys', { name: 'x', scopes: ['chat', 'read', 'write'] })).json.data;
    rejected(await call(stage.ports[0], key)('GET', `/users/${victim.id}`), 404, 'NOT_FOUND');
    for (const token of [staff.token, key]) {
        const wire = await Wire.open(stage.ports[0], token);
        for (const channel of ['admin', 'crisis'])
            assert.equal((await wire.reply('subscribe', { channel })).data.code, 'NOT_FOUND');
        wire.end();
    }

    const { secret } = (await api('POST', '/auth/2fa/setup', {})).json.data;
    rejected(await api('POST', '/auth/2fa/enable', { code: '000000' }), 422, 'WRONG_CODE');
    rejected(await api('GET', '/admin/users'), 403, 'SECOND_FACTOR_REQUIRED');
    const { recovery_codes: codes } = (await api('POST', '/auth/2fa/enable', { code: await generate({ secret }) })).json
        .data;
    assert.equal((await api('GET', '/admin/users')).status, 200, 'it was shown in this session');
    rejected(await call(stage.ports[0], other)('GET', '/admin/users'), 403, 'SECOND_FACTOR_REQUIRED');
    const entered = await stage.post('/auth/login', { email: staff.email, password, code: codes[0] });
    const by = call(stage.ports[1], entered.json.data.access_token);
    assert.equal((await by('GET', `/users/${victim.id}`)).status, 200);
    const refreshed = await stage.post('/auth/refresh', { refresh_token: entered.json.data.refresh_token });
    assert.equal(
        (await call(stage.ports[0], refreshed.json.data.access_token)('GET', '/admin/users')).status,
        200,
        'it stays with the session',
    );
    assert.equal((await by('POST', '/auth/2fa/disable', { code: codes[1] })).status, 200);
    await eventually('no session has one any more', async () =>
        (await Promise.all([by('GET', '/admin/users'), api('GET', '/admin/users')])).every(
            (one) => one.json.error?.code === 'SECOND_FACTOR_REQUIRED',
        ),
    );
});

test('AIRI-09: every admin route enforces the rights of anonymous callers, users, admins and supers', async (stage) => {
    const [user, victim] = [await joinAs(stage, 'user', 'pro'), await joinAs(stage, 'user')];
    const [admin, second, boss, other] = [
        await joinAs(stage, 'admin', 'plus'),
        await joinAs(stage, 'admin'),
        await joinAs(stage, 'super'),
        await joinAs(stage, 'super'),
    ];
    const document = (await ask(stage.ports[0], { path: '/openapi.json' })).json;
    let count = 0;
    for (const [pattern, item] of Object.entries(document.paths).filter(([path]) => path.startsWith('/api/v1/admin/')))
        for (const method of Object.keys(item)) {
            const path = pattern.replaceAll('{id}', victim.id).replaceAll(/\{\w+\}/g, 'x');
            const one = { method: method.toUpperCase(), path, json: method === 'get' ? undefined : {} };
            rejected(await ask(stage.ports[0], one), 401, 'UNAUTHENTICATED');
            rejected(await ask(stage.ports[1], { ...one, token: user.token }), 403, 'FORBIDDEN');
            count += 1;
        }
    assert.equal(count, 41);
    const key = (await admin.api('POST', '/api-keys', { name: 'x', scopes: ['chat', 'read', 'write'] })).json.data.key;
    rejected(await call(stage.ports[0], key)('GET', '/admin/users'), 403, 'SCOPE_NEEDED');
    for (const path of reads)
        for (const one of [admin, boss]) assert.equal((await one.api('GET', path)).status, 200, path);
    for (const [method, path, body] of supers)
        rejected(await admin.api(method, `/admin/users/${victim.id}${path}`, body), 403, 'FORBIDDEN');
    for (const [method, path, body] of acts) {
        for (const target of [second, boss])
            rejected(await admin.api(method, `/admin/users/${target.id}${path}`, body), 403, 'FORBIDDEN');
        rejected(await admin.api(method, `/admin/users/${admin.id}${path}`, body), 403, 'OWN_ACCOUNT');
        rejected(await admin.api(method, `/admin/users/${crypto.randomUUID()}${path}`, body), 404);
        rejected(await admin.api(method, `/admin/users/x${path}`, body), 404);
        assert.equal((await admin.api(method, `/admin/users/${victim.id}${path}`, body)).status, 200, path);
    }
    for (const [method, path, body] of [...acts, ...supers])
        rejected(await boss.api(method, `/admin/users/${boss.id}${path}`, body), 403, 'OWN_ACCOUNT');
    assert.equal((await boss.api('POST', `/admin/users/${second.id}/ban`, { reason: 'x' })).status, 200);
    rejected(await boss.api('PUT', `/admin/users/${victim.id}/role`, { role: 'owner' }), 422, 'VALIDATION_FAILED');
    // Two supers demote each other at once: one of them remains.
    const both = await Promise.all(
        [
            [boss, other, 0],
            [other, boss, 1],
        ].map(([by, of, i]) => call(stage.ports[i], by.token)('PUT', `/admin/users/${of.id}/role`, { role: 'user' })),
    );
    assert.deepEqual(both.map((one) => one.status).sort(), [200, 403]);
    const [{ n }] = await stage.system.rows(
        "select count(*)::int as n from users where role = 'super' and id = any($1)",
        [[boss.id, other.id]],
    );
    assert.equal(n, 1);
});

test("the database enforces roles: the gateway's own database role cannot promote anyone", async (stage) => {
    const [user, admin] = [await joinAs(stage, 'user'), await joinAs(stage, 'admin')];
    const runAs = async (id, sql) => {
        const client = await stage.system.database.connect();
        try {
            await client.query('begin; set local role airi_app');
            await client.query("select set_config('airi.user_id', $1, true)", [id ?? '']);
            return (await client.query(sql)).rows[0];
        } finally {
            await client.query('rollback');
            client.release();
        }
    };
    for (const id of [null, user.id, crypto.randomUUID()])
        for (const sql of [
            `select done as is from admin_act('${admin.id}', 'role', '{"role":"super"}')`,
            `select done as is from admin_act('${user.id}', 'role', '{"role":"super"}')`,
            'select page as is from admin_users(null, null, null, null, null, 5)',
            `select admin_user('${admin.id}') as is`,
            "select admin_set('x', '{\"value\":1}') as is",
            "select admin_flag('x', '{\"enabled\":true}') as is",
            'select admin_flags() as is',
            'select admin_settings(null) as is',
            'select page as is from admin_audit(null, null, 5)',
        ])
            assert.equal((await runAs(id, sql)).is.problem.code, 'FORBIDDEN', sql);
    await stage.system.rows("update users set status = 'suspended' where id = $1", [admin.id]);
    assert.equal(
        (await runAs(admin.id, 'select admin_flags() as is')).is.problem.code,
        'FORBIDDEN',
        'a suspended admin has no rights',
    );
    await assert.rejects(runAs(admin.id, `select make_super('${user.email}')`), /permission denied/);
});

test("AIRI-08 SAAS-05: an admin's action takes effect on every gateway at once and is audited", async (stage) => {
    const [admin, account] = [await joinAs(stage, 'admin'), await joinAs(stage, 'user', 'pro')];
    const act = (path, body = {}, method = 'POST') => admin.api(method, `/admin/users/${account.id}${path}`, body);
    const key = (await account.api('POST', '/api-keys', { name: 'x' })).json.data.key;
    const codes = (token) =>
        Promise.all(
            stage.ports.map(
                async (port) => (await ask(port, { path: '/api/v1/conversations', token })).json.error?.code ?? 'none',
            ),
        );
    // Sooner than a gateway's cache would expire by itself.
    const answered = (token, code) =>
        eventually(code, async () => (await codes(token)).every((one) => one === code), { within: 1_500 });
    const until = new Date(Date.now() + 86_400_000).toISOString();
    for (const [change, code] of [
        [() => act('/suspend', { until, reason: 'spam' }), 'ACCOUNT_SUSPENDED'],
        [() => act('/ban', { reason: 'more spam' }), 'ACCOUNT_BANNED'],
    ]) {
        const sockets = await Promise.all(
            [
                [0, account.token],
                [1, account.token],
                [1, key],
            ].map(([i, token]) => Wire.open(stage.ports[i], token)),
        );
        assert.equal((await change()).status, 200);
        await eventually('every socket is closed', () => sockets.every((one) => one.code === 1008));
        for (const token of [account.token, key]) await answered(token, code);
        assert.equal((await act('/reinstate')).json.data.status, 'active');
        for (const token of [account.token, key]) await answered(token, 'none');
    }
    for (const wrong of ['2020-01-01T00:00:00Z', 'infinity', '-infinity', 'soon', ''])
        assert.ok([400, 422].includes((await act('/suspend', { until: wrong, reason: 'x' })).status), wrong);
    rejected(await act('/suspend', { until }), 422, 'VALIDATION_FAILED', /reason/);
    for (const wrong of ['2099-02-30T00:00:00Z', '2099-01-01', 'infinity', '2099-01-01T00:00:00'])
        rejected(await act('/suspend', { until: wrong, reason: 'x' }), 422, 'VALIDATION_FAILED', /"\/until".*RFC 3339/);
    rejected(await act('/plan', { plan: 'nope' }, 'PUT'), 422, 'VALIDATION_FAILED', /plan/);
    assert.equal((await act('/plan', { plan: 'free' }, 'PUT')).json.data.plan, 'free');
    await eventually(
        'the plan takes effect',
        async () => (await account.api('GET', '/auth/session')).json.data.user.plan === 'free',
    );
    const detail = (await admin.api('GET', `/admin/users/${account.id}`)).json.data;
    assert.deepEqual(
        [detail.user.id, detail.sessions.length, detail.usage, detail.violations],
        [account.id, 1, [], []],
    );
    assert.equal((await act('/end-sessions')).status, 200);
    await stage.rejectedEverywhere(account.token, 'SESSION_ENDED');
    const log = (await admin.api('GET', `/admin/audit-log?user_id=${account.id}&limit=100`)).json.data;
    assert.deepEqual(
        log.filter((one) => one.actor === admin.id && one.action.startsWith('admin.')).map((one) => one.action),
        ['end_sessions', 'plan', 'reinstate', 'ban', 'reinstate', 'suspend'].map((one) => `admin.${one}`),
    );
    assert.deepEqual(log.find((one) => one.action === 'admin.suspend').details, { until, reason: 'spam' });
});

test('user search filters by address, status, plan and role, has pages and rejects a forged cursor', async (stage) => {
    const admin = await joinAs(stage, 'admin');
    const mark = crypto.randomUUID().slice(0, 8);
    const all = await Promise.all(Array.from({ length: 5 }, () => stage.join('plus')));
    await stage.system.rows("update users set email = $2 || '_100%' || id || '@example.com' where id = any($1)", [
        all.map((one) => one.id),
        mark,
    ]);
    await stage.system.rows("update users set status = 'banned' where id = $1", [all[0].id]);
    const find = (query) => admin.api('GET', `/admin/users?${query}`);
    const ids = [];
    for (let cursor = ''; cursor !== null;) {
        const { json } = await find(
            `email=${mark.toUpperCase()}_100%25&limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        ids.push(...json.data.map((one) => one.id));
        cursor = json.meta.next_cursor;
    }
    assert.deepEqual(ids.sort(), all.map((one) => one.id).sort());
    assert.deepEqual(
        (await find(`email=${mark}&status=banned`)).json.data.map((one) => one.id),
        [all[0].id],
    );
    assert.equal((await find(`email=${mark}&plan=pro`)).json.data.length, 0);
    assert.equal((await find(`email=${mark}x100`)).json.data.length, 0, '_ and % are literals');
    assert.ok((await find('role=admin')).json.data.every((one) => one.role === 'admin'));
    for (const query of [
        'status=x',
        'role=root',
        'limit=0',
        'limit=101',
        "cursor='",
        'cursor=2020-01-01',
        'cursor=x|y',
        "cursor=now|'%20or%201=1%20--",
    ])
        rejected(await find(query), 400, 'BAD_REQUEST');
});

test('AIRI-45: settings are public or private, keep their type, apply live and override the profile', async (stage) => {
    const admin = await joinAs(stage, 'admin');
    const set = (key, body) => admin.api('PUT', `/admin/settings/${key}`, body);
    const shown = async () => (await ask(stage.ports[1], { path: '/api/v1/settings', from: address() })).json.data;
    assert.equal(
        (await set('product_tagline', { value: 'Another one.', category: 'mine' })).json.data.category,
        'mine',
    );
    await eventually('the other gateway shows it', async () => (await shown()).product_tagline === 'Another one.', {
        within: 15_000,
        every: 500,
    });
    assert.equal(
        (await set('product_tagline', { value: 'Private.', public: false })).json.data.category,
        'mine',
        'omitted fields remain',
    );
    await eventually('it is private', async () => !('product_tagline' in (await shown())), {
        within: 15_000,
        every: 500,
    });
    await set('product_tagline', { value: 'Talk.', category: 'general', public: true });
    for (const [key, value, expected] of [
        ['max_sessions', 'x', /max_sessions must be a whole number from 1 to 1000/],
        ['max_sessions', 1.5, /whole number/],
        ['max_sessions', null, /whole number/],
        ['max_sessions', 0, /whole number/],
        ['max_sessions', 1e12, /whole number/],
        ['product_name', 5, /product_name must be a text of 1 to 100 characters/],
        ['age_gate', 'maybe', /one of off, optional, required/],
        ['onboarding_steps', [{ id: 'x' }], /objects with the texts id, title/],
        ['avatar_gallery', [1], /a list of 0 to 100 texts/],
    ])
        rejected(await set(key, { value }), 422, 'VALIDATION_FAILED', expected);
    for (const key of ['max_session', 'X', "a'b", 'a%20b', '1', 'x'.repeat(61), '..%5c'])
        rejected(await set(key, { value: 1 }), 422, 'VALIDATION_FAILED', /there is no setting/);
    rejected(await set('max_sessions', {}), 422, 'VALIDATION_FAILED', /value/);
    const listed = (await admin.api('GET', '/admin/settings')).json.data;
    assert.equal(listed.find((one) => one.key === 'max_sessions').domain, 'a whole number from 1 to 1000');
    assert.equal((await set('max_sessions', { value: 1 })).status, 200);
    const account = await stage.join();
    await stage.login(account);
    await stage.rejectedEverywhere(account.token, 'SESSION_ENDED');
    assert.ok(
        (await admin.api('GET', '/admin/settings?category=auth')).json.data.every((one) => one.category === 'auth'),
    );
    await stage.system.rows(
        `insert into system_settings (key, value) values ('max_sessions', '3')
            on conflict (key) do update set value = excluded.value`,
    );
    assert.equal(
        (await admin.api('GET', '/admin/settings?category=auth')).json.data.find((one) => one.key === 'max_sessions')
            .value,
        1,
    );
    await set('max_sessions', { value: 3 });
    await assert.rejects(stage.system.rows("insert into system_settings (key, value) values ('unknown', '1')"), {
        message: 'there is no setting unknown',
    });
});

test('SAAS-52: a flag is on for its beta users, as GET /settings says, and a wrong one is rejected', async (stage) => {
    const admin = await joinAs(stage, 'admin');
    const put = (name, body) => admin.api('PUT', `/admin/feature-flags/${name}`, body);
    const features = async (token) =>
        (await ask(stage.ports[1], { path: '/api/v1/settings', token, from: address() })).json.data.features;
    const [one, other] = [await stage.join(), await stage.join()];
    const isOn = (expected) =>
        eventually(
            `file_uploads is ${expected}`,
            async () => {
                const seen = [await features(one.token), await features(other.token), await features()];
                return JSON.stringify(seen.map((each) => each.file_uploads)) === JSON.stringify(expected);
            },
            { within: 15_000, every: 250 },
        );
    const upload = async ({ token }) =>
        ask(stage.ports[1], {
            method: 'POST',
            path: '/api/v1/avatars',
            token,
            body: 'x',
            headers: { 'Content-Type': 'image/png' },
            from: address(),
        });
    const rule = { beta_users: [one.email], user_segments: ['admins'] };
    const flag = (await put('file_uploads', { enabled: true, rollout_percentage: 50, rule })).json.data;
    assert.deepEqual([flag.enabled, flag.rollout_percentage, flag.rule], [true, 50, rule]);
    await isOn([true, false, false]);
    rejected(await upload(other), 403, 'FEATURE_DISABLED');
    rejected(await upload(one), 402, 'PLAN_LIMIT', /plan/);
    await put('file_uploads', { enabled: true, rollout_percentage: 100, rule: {} });
    await isOn([true, true, true]);
    for (const [name, body, expected] of [
        ['voice_chat', { enabled: true, rollout_percentage: 101 }, /./],
        ['voice_chat', { enabled: true, rule: { user_segments: ['friends'] } }, /./],
        ['voice_chat', { enabled: true, rule: { regions: [] } }, /./],
        ['voice_chats', { enabled: true }, /there is no feature flag voice_chats/],
    ])
        rejected(await put(name, body), 422, 'VALIDATION_FAILED', expected);
    assert.equal(
        (await admin.api('GET', '/admin/feature-flags')).json.data.find((each) => each.name === 'file_uploads').enabled,
        true,
    );
    rejected(await ask(stage.ports[1], { path: '/api/v1/settings', token: 'x', from: address() }), 401);
});
