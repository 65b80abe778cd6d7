// Ezri's users as its documents write them: the current user, a user by id, preferences, onboarding, administration.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { eventually } from '../support/js/system/wait.mjs';
import { address, password, withProduct } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';

const test = withProduct('ezri');
const call = (port, token) => (method, path, json) => ask(port, { method, path: `/v1${path}`, token, json });

async function joined(stage) {
    const account = await stage.join();
    return { ...account, api: call(stage.ports[0], account.token) };
}

async function joinedAs(stage, role) {
    const account = await joined(stage);
    await appoint(stage.system, account, role, stage.ports);
    return account;
}

const tableOf = (name) =>
    readFileSync(new URL(name, import.meta.url), 'utf8')
        .split('\n')
        .filter((line) => line && !line.startsWith('#'))
        .map((line) => line.split('\t'));

test('every path of the documents that is not owed is answered on the running product', async (stage) => {
    const [other, admin] = [await joined(stage), await joinedAs(stage, 'super')];
    const owed = new Set(tableOf('owed.tsv').map(([, ...row]) => row.join()));
    const { id: conversation } = (await admin.api('POST', '/ai/conversation/start')).json.data;
    let count = 0;
    for (const [product, method, path] of tableOf('paths.tsv')) {
        if (product !== 'ezri' || method === 'WS' || owed.has([product, method, path].join())) continue;
        const byAdmin = path.includes('/admin/');
        const bodiless = method === 'GET' || (method === 'DELETE' && path !== '/v1/users/:id');
        // No route takes this one: its rejection comes after the path, the method and the caller were accepted.
        const body = path.endsWith('/settings') ? {} : { not: 'known' };
        const { status, text } = await ask(stage.ports[1], {
            method,
            path: path.replace(':id', path.includes('conversations') ? conversation : byAdmin ? other.id : admin.id),
            token: admin.token,
            json: bodiless ? undefined : body,
            from: address(),
        });
        // There is no notice, contact or invoice with the user's id, and nothing was bought.
        const nothing = ['/v1/notifications/:id', '/v1/crisis/contacts/:id', '/v1/billing/invoices/:id'].includes(path);
        const unbought = path === '/v1/billing/subscription' && text.includes('there is no subscription');
        const notFound = status === 404 && (unbought || (nothing && text.includes('no such object')));
        assert.ok(status === (bodiless ? 200 : 422) || notFound, `${method} ${path}: ${status} ${text}`);
        count += 1;
    }
    assert.ok(count >= 30, `${count} paths`);
});

test('EZRI-02: a user signs up, logs in, is the current user, refreshes and logs out', async (stage) => {
    const account = await stage.join();
    const bearer = { headers: { 'X-Token-Transport': 'bearer' } };
    const entered = (await stage.login(account, bearer)).json.data;
    const me = await call(stage.ports[1], entered.access_token)('GET', '/auth/me');
    assert.deepEqual([me.status, me.json.data.user.id, me.json.data.user.email], [200, account.id, account.email]);
    rejected(await call(stage.ports[0])('GET', '/auth/me'), 401, 'UNAUTHENTICATED');
    const fresh = await stage.post('/auth/refresh', { refresh_token: entered.refresh_token }, bearer);
    assert.equal(fresh.status, 200, fresh.text);
    const next = call(stage.ports[0], fresh.json.data.access_token);
    assert.equal((await next('GET', '/auth/me')).json.data.session_id, me.json.data.session_id);
    assert.equal((await next('POST', '/auth/logout', {})).status, 200);
    await stage.rejectedEverywhere(fresh.json.data.access_token, 'SESSION_ENDED');
});

test('EZRI-11: a user reads, changes and closes their account by its id; another user finds nobody', async (stage) => {
    const [user, other] = [await joined(stage), await joined(stage)];
    const own = `/users/${user.id}`;
    const { data } = (await user.api('GET', own)).json;
    assert.deepEqual([data.id, data.email, data.locale, data.timezone], [user.id, user.email, 'en', 'UTC']);
    const changed = await user.api('PATCH', own, { display_name: 'Ann', timezone: 'Europe/Vienna' });
    assert.deepEqual([changed.status, changed.json.data.display_name], [200, 'Ann'], changed.text);
    for (const { birth_date: born } of [data, changed.json.data])
        assert.ok(!born || /^\d{4}-\d\d-\d\d$/.test(born), born);
    assert.equal((await user.api('GET', '/users/profile')).json.data.timezone, 'Europe/Vienna');
    rejected(await user.api('PATCH', own, { role: 'super' }), 422, 'VALIDATION_FAILED', /\/role/);
    for (const [method, json] of [['GET'], ['PATCH', { display_name: 'Bob' }], ['DELETE', { password }]])
        rejected(await other.api(method, own, json), 404, 'NOT_FOUND');
    rejected(await user.api('DELETE', own, { password: 'wrong password' }), 403, 'WRONG_PASSWORD');
    const closed = await user.api('DELETE', own, { password });
    assert.ok(Date.parse(closed.json.data.erase_at) > Date.now(), closed.text);
    await stage.rejectedEverywhere(user.token, 'ACCOUNT_DELETED', 403);
    const [{ status }] = await stage.system.rows('select status from users where id = $1', [user.id]);
    assert.equal(status, 'deleted', 'the row stays');
});

test("EZRI-11: an administrator reads, changes and closes a user's account by its id, audited", async (stage) => {
    const [user, admin, boss] = [await joined(stage), await joinedAs(stage, 'admin'), await joinedAs(stage, 'super')];
    const own = `/users/${user.id}`;
    assert.equal((await user.api('GET', '/users/profile')).json.data.display_name, null);
    assert.equal((await admin.api('GET', own)).json.data.email, user.email);
    assert.equal((await admin.api('PATCH', own, { display_name: 'Ann' })).json.data.display_name, 'Ann');
    assert.equal((await user.api('GET', '/users/profile')).json.data.display_name, 'Ann', 'the stored answer is gone');
    rejected(await admin.api('PATCH', `/users/${boss.id}`, { display_name: 'Bob' }), 403, 'FORBIDDEN');
    rejected(await admin.api('PATCH', `/users/${crypto.randomUUID()}`, { display_name: 'Bob' }), 404, 'NOT_FOUND');
    const closed = await admin.api('DELETE', own);
    assert.ok(Date.parse(closed.json.data.erase_at) > Date.now(), closed.text);
    await stage.rejectedEverywhere(user.token, 'ACCOUNT_DELETED', 403);
    const log = (await admin.api('GET', `/admin/users/${user.id}/activity`)).json.data;
    const byAdmin = log.filter((one) => one.actor === admin.id);
    assert.deepEqual(
        byAdmin.map((one) => one.action),
        ['admin.delete', 'admin.update'],
    );
    assert.ok(!JSON.stringify(byAdmin).includes('that of nobody'));
});

test('EZRI-12: statistics and activity count what happened, for their user and administrators', async (stage) => {
    const [user, other, admin] = [await joined(stage), await joined(stage), await joinedAs(stage, 'admin')];
    const { id } = (await user.api('POST', '/ai/conversation/start')).json.data;
    const sent = await user.api('POST', '/ai/conversation/message', {
        conversation_id: id,
        content: 'hello [[stub tokens=3]]',
    });
    assert.equal(sent.status, 201, sent.text);
    await user.api('PATCH', `/conversations/${id}`, { status: 'ended' });
    const statsOf = async (by) => (await by.api('GET', `/users/${user.id}/stats`)).json.data;
    const stats = await eventually('the usage is counted', async () => {
        const got = await statsOf(user);
        return got.tokens > 0 && got;
    });
    assert.deepEqual([stats.conversations, stats.messages, stats.days_active], [1, 2, 1]);
    assert.ok(stats.conversation_seconds >= 0);
    assert.deepEqual(await statsOf(admin), stats);
    const { data } = (await user.api('GET', '/users/profile')).json;
    const activity = (await user.api('GET', `/users/${user.id}/activity?limit=1`)).json;
    assert.deepEqual([activity.data[0].action, activity.data[0].by_me], ['session.opened', true]);
    assert.deepEqual((await admin.api('GET', `/users/${data.id}/activity?limit=1`)).json.data, activity.data);
    for (const what of ['stats', 'activity', 'preferences'])
        rejected(await other.api('GET', `/users/${user.id}/${what}`), 404, 'NOT_FOUND');
});

test('EZRI-13: preferences have names, the documented defaults and bounds, wherever they are set', async (stage) => {
    const [user, other] = [await joined(stage), await joined(stage)];
    const own = `/users/${user.id}/preferences`;
    const documented = {
        theme: 'light',
        email_notifications: true,
        push_notifications: true,
        sms_notifications: false,
        data_sharing: false,
        analytics_tracking: true,
        daily_reminder_time: null,
        mood_check_frequency: 'daily',
    };
    assert.deepEqual((await user.api('GET', own)).json.data, documented);
    const chosen = { daily_reminder_time: '07:30', mood_check_frequency: 'weekly', push_notifications: false };
    assert.deepEqual((await user.api('PATCH', own, chosen)).json.data, { ...documented, ...chosen });
    assert.deepEqual((await user.api('GET', own)).json.data, { ...documented, ...chosen });
    const undone = { daily_reminder_time: null, mood_check_frequency: null, push_notifications: null };
    assert.deepEqual((await user.api('PATCH', own, undone)).json.data, documented);
    for (const [name, values] of Object.entries({
        daily_reminder_time: ['25:99', '24:00', '7:30', '07:30:00', '', 7, true],
        mood_check_frequency: ['whenever', '', 1],
        theme: ['pink', 0],
        email_notifications: ['yes', 1],
        sms_notifications: ['true', 0],
        data_sharing: ['no'],
        analytics_tracking: [{}],
    }))
        for (const value of values) {
            const pointer = new RegExp(`/${name}"`);
            rejected(await user.api('PATCH', own, { [name]: value }), 422, 'VALIDATION_FAILED', pointer);
            const preferences = { [name]: value };
            for (const path of ['/users/profile', `/users/${user.id}`])
                rejected(await user.api('PATCH', path, { preferences }), 422, 'VALIDATION_FAILED', pointer);
        }
    rejected(await user.api('PATCH', own, { unknown: true }), 422, 'VALIDATION_FAILED', /\/unknown/);
    rejected(await user.api('PATCH', own, {}), 422, 'VALIDATION_FAILED');
    rejected(await other.api('PATCH', own, chosen), 404, 'NOT_FOUND');
    assert.deepEqual((await user.api('GET', own)).json.data, documented);
});

test("EZRI-13: the product's defaults hold for users who have chosen nothing, and for new ones", async (stage) => {
    const before = await joined(stage);
    const [{ value }] = await stage.system.rows("select value from system_settings where key = 'user_defaults'");
    const set = (defaults) =>
        stage.system.rows("update system_settings set value = $1 where key = 'user_defaults'", [
            JSON.stringify(defaults),
        ]);
    try {
        await set({ ...value, language: 'de', timezone: 'Europe/Vienna', mood_check_frequency: 'monthly' });
        const after = await joined(stage);
        const { data } = (await after.api('GET', `/users/${after.id}`)).json;
        assert.deepEqual([data.locale, data.timezone], ['de', 'Europe/Vienna']);
        const { data: preferences } = (await before.api('GET', `/users/${before.id}/preferences`)).json;
        assert.equal(preferences.mood_check_frequency, 'monthly');
    } finally {
        await set(value);
    }
});

test('EZRI-14: onboarding counts steps, stores avatar and preferences, and pictures answer', async (stage) => {
    const user = await joined(stage);
    const none = (await user.api('GET', '/onboarding/status')).json.data;
    assert.deepEqual([none.step, none.completed, none.selected_avatar], [1, false, null]);
    assert.deepEqual(
        none.steps.map((one) => one.id),
        ['welcome', 'avatar', 'preferences'],
    );
    const welcomed = (await user.api('POST', '/onboarding/complete', { step: 'welcome' })).json.data;
    assert.deepEqual([welcomed.step, welcomed.completed], [2, false]);
    rejected(await user.api('POST', '/onboarding/complete', { step: 'nowhere' }), 422, 'VALIDATION_FAILED', /\/step/);
    rejected(await user.api('POST', '/onboarding/avatar', { avatar_id: 'avatar-9' }), 422, null, /\/avatar_id/);
    const chosen = (await user.api('POST', '/onboarding/avatar', { avatar_id: 'avatar-2' })).json.data;
    assert.deepEqual([chosen.step, chosen.selected_avatar], [3, 'avatar-2']);
    rejected(
        await user.api('PATCH', '/onboarding/preferences', { daily_reminder_time: '25:99' }),
        422,
        null,
        /daily_reminder_time/,
    );
    const done = (await user.api('PATCH', '/onboarding/preferences', { daily_reminder_time: '20:15' })).json.data;
    assert.deepEqual([done.step, done.completed, done.preferences.daily_reminder_time], [4, true, '20:15']);
    assert.deepEqual((await user.api('GET', '/onboarding/status')).json.data, done);
    const { avatar } = (await user.api('GET', '/users/profile')).json.data;
    for (const path of [avatar, '/avatar-1.svg', '/avatar-2.svg']) {
        const picture = await ask(stage.ports[0], { path });
        assert.deepEqual([picture.status, picture.headers['content-type']], [200, 'image/svg+xml'], path);
    }
    const { data: gallery } = (await user.api('GET', '/avatars')).json;
    assert.deepEqual(gallery.map((one) => one.url).sort(), ['/avatar-1.svg', '/avatar-2.svg']);
});

test('EZRI-57: administrators list users, read one, change one and delete one', async (stage) => {
    const [user, admin, boss] = [await joined(stage), await joinedAs(stage, 'admin'), await joinedAs(stage, 'super')];
    const found = (await admin.api('GET', `/admin/users?email=${user.email}`)).json.data;
    assert.deepEqual(
        found.map((one) => [one.id, one.plan]),
        [[user.id, 'free']],
    );
    const own = `/admin/users/${user.id}`;
    assert.equal((await admin.api('GET', own)).json.data.user.email, user.email);
    const changed = (await admin.api('PATCH', own, { display_name: 'Ann', plan: 'basic' })).json.data;
    assert.deepEqual([changed.display_name, changed.plan, changed.role], ['Ann', 'basic', 'user']);
    rejected(await admin.api('PATCH', own, { display_name: 'Bea', plan: 'gold' }), 422, 'VALIDATION_FAILED', /\/plan/);
    rejected(await admin.api('PATCH', own, { role: 'admin' }), 403, 'FORBIDDEN');
    rejected(await admin.api('PATCH', own, { status: 'banned' }), 422, 'VALIDATION_FAILED', /\/status/);
    assert.equal((await admin.api('GET', own)).json.data.user.display_name, 'Ann', 'all or nothing');
    assert.equal((await boss.api('PATCH', own, { role: 'admin' })).json.data.role, 'admin');
    assert.equal((await boss.api('PATCH', own, { role: 'user' })).json.data.role, 'user');
    assert.equal((await admin.api('DELETE', own)).json.data.status, 'deleted');
    rejected(await user.api('GET', own), 403);
});

test("EZRI-58: administrators suspend and restore a user and read the account's activity", async (stage) => {
    const [user, admin] = [await joined(stage), await joinedAs(stage, 'admin')];
    const own = `/admin/users/${user.id}`;
    assert.equal((await admin.api('POST', `${own}/suspend`, { reason: 'spam' })).json.data.status, 'suspended');
    await stage.rejectedEverywhere(user.token, 'ACCOUNT_SUSPENDED', 403);
    assert.equal((await admin.api('POST', `${own}/restore`)).json.data.status, 'active');
    await eventually('the user is back', async () => (await user.api('GET', '/auth/me')).status === 200);
    const page = (await admin.api('GET', `${own}/activity?limit=2`)).json;
    assert.deepEqual(
        page.data.map((one) => [one.action, one.actor]),
        [
            ['admin.reinstate', admin.id],
            ['admin.suspend', admin.id],
        ],
    );
    const cursor = encodeURIComponent(page.meta.next_cursor);
    const next = (await admin.api('GET', `${own}/activity?limit=2&cursor=${cursor}`)).json;
    assert.equal(next.data[0].action, 'session.opened');
    rejected(await admin.api('GET', `/admin/users/${crypto.randomUUID()}/activity`), 404, 'NOT_FOUND');
    rejected(await user.api('GET', `${own}/activity`), 403, 'FORBIDDEN');
});

test('EZRI-65: administrators read the health of the system and read and change its settings', async (stage) => {
    const [user, admin] = [await joined(stage), await joinedAs(stage, 'admin')];
    const health = (await admin.api('GET', '/admin/system/health')).json.data;
    assert.equal(health.status, 'healthy');
    const settings = async () => (await admin.api('GET', '/admin/system/settings')).json.data;
    const valueOf = (all, key) => all.find((one) => one.key === key).value;
    const before = await settings();
    const patch = (values) => admin.api('PATCH', '/admin/system/settings', values);
    const changed = await patch({ max_sessions: 4, product_tagline: 'Notice how you are.' });
    assert.deepEqual(
        changed.json.data.map((one) => [one.key, one.value]).sort(),
        [
            ['max_sessions', 4],
            ['product_tagline', 'Notice how you are.'],
        ],
        changed.text,
    );
    rejected(
        await patch({ product_tagline: 'Lost', refresh_token_days: 'many' }),
        422,
        'VALIDATION_FAILED',
        /"\/refresh_token_days"/,
    );
    const after = await settings();
    assert.equal(valueOf(after, 'product_tagline'), 'Notice how you are.', 'all or nothing');
    const old = (key) => valueOf(before, key);
    assert.equal(
        (await patch({ max_sessions: old('max_sessions'), product_tagline: old('product_tagline') })).status,
        200,
    );
    for (const path of ['/admin/system/health', '/admin/system/settings'])
        rejected(await user.api('GET', path), 403, 'FORBIDDEN');
    rejected(await user.api('PATCH', '/admin/system/settings', { max_sessions: 1 }), 403, 'FORBIDDEN');
    const log = (await admin.api('GET', '/admin/audit-logs?limit=5')).json.data;
    assert.ok(log.some((one) => one.action === 'admin.setting' && one.subject === 'max_sessions'));
});

test("EZRI-10: administrators read every user's conversations and messages, logged; users do not", async (stage) => {
    const [user, other, admin] = [await joined(stage), await joined(stage), await joinedAs(stage, 'admin')];
    const { id } = (await user.api('POST', '/ai/conversation/start', { title: 'mine' })).json.data;
    const said = 'a bad day [[stub tokens=3]]';
    const sent = await user.api('POST', '/ai/conversation/message', { conversation_id: id, content: said });
    assert.equal(sent.status, 201, sent.text);
    const list = (await admin.api('GET', `/admin/users/${user.id}/conversations`)).json.data;
    assert.deepEqual(
        list.map((one) => [one.id, one.title]),
        [[id, 'mine']],
    );
    const messages = (await admin.api('GET', `/admin/conversations/${id}/messages`)).json.data;
    assert.deepEqual(
        messages.map((one) => [one.role, one.content]),
        [
            ['user', said],
            ['assistant', sent.json.data.content],
        ],
    );
    const log = (await user.api('GET', '/users/activity?limit=2')).json.data;
    assert.deepEqual(
        log.map((one) => [one.action, one.subject, one.by_me]),
        [
            ['admin.read_messages', id, false],
            ['admin.read_conversations', user.id, false],
        ],
    );
    for (const path of [`/admin/users/${user.id}/conversations`, `/admin/conversations/${id}/messages`]) {
        rejected(await other.api('GET', path), 403, 'FORBIDDEN');
        rejected(await admin.api('GET', path.replace(/[0-9a-f-]{36}/, crypto.randomUUID())), 404, 'NOT_FOUND');
    }
    // Administrators read by functions that check their role again; the role itself reads nothing.
    const client = await stage.system.database.connect();
    try {
        await client.query('begin; set local role airi_app');
        await client.query("select set_config('airi.user_id', $1, true)", [admin.id]);
        for (const table of ['conversations', 'messages', 'users'])
            assert.ok(
                (await client.query(`select * from ${table}`)).rows.every(
                    (row) => (row.user_id ?? row.id) === admin.id,
                ),
            );
        await client.query("select set_config('airi.user_id', $1, true)", [other.id]);
        const { rows } = await client.query('select page from admin_messages($1, null, 20)', [id]);
        assert.equal(rows[0].page.problem.code, 'FORBIDDEN');
    } finally {
        await client.query('rollback');
        client.release();
    }
});
