// Notices on Ezri: the welcome, listing, reading, deleting, and those that administrators send.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';

const test = withAccounts({ profile: 'ezri', moderation: 0, chat: 0, usage: 0, notifications: 1 });
const call = (port, token) => (method, path, json, more) =>
    ask(port, { method, path: `/api/v1${path}`, token, json, ...more });

// A new user whose welcome has arrived, with their calls to the first gateway; a second one has another gateway.
async function joined({ ports, join, system }, role = 'user') {
    const account = await join();
    if (role !== 'user') await appoint(system, account, role);
    const api = call(ports[0], account.token);
    const list = async (query = '') => (await api('GET', `/notifications${query}`)).json;
    const [welcome] = await eventually('the welcome', async () => {
        const { data } = await list();
        return data.length > 0 && data;
    });
    return { ...account, api, list, welcome };
}

test('AIRI-01 EZRI-48: a new user finds one welcome, marks it as read and deletes it', async (stage) => {
    const [user, other] = [await joined(stage), await joined(stage)];
    const { id, created_at, ...welcome } = user.welcome;
    assert.deepEqual(welcome, {
        kind: 'welcome',
        type: 'info',
        title: 'Welcome to Ezri',
        message: 'Your account is ready. Notices about it will come here.',
        sent_via: [],
        is_read: false,
        read_at: null,
        metadata: {},
    });
    assert.ok(Date.parse(created_at) <= Date.now());
    assert.deepEqual((await user.list()).meta, { next_cursor: null, unread: 1 });
    rejected(await other.api('PATCH', `/notifications/${id}/read`), 404, 'NOT_FOUND');
    rejected(await other.api('DELETE', `/notifications/${id}`), 404, 'NOT_FOUND');
    rejected(await user.api('PATCH', '/notifications/x/read'), 404, 'NOT_FOUND');
    const read = await user.api('PATCH', `/notifications/${id}/read`);
    assert.equal(read.status, 200, read.text);
    assert.equal(read.json.data.is_read, true);
    assert.ok(Date.parse(read.json.data.read_at));
    // Read again, it keeps its time; the documented path answers too.
    const again = await ask(stage.ports[1], {
        method: 'PATCH',
        path: `/v1/notifications/${id}/read`,
        token: user.token,
        json: {},
    });
    assert.equal(again.json.data.read_at, read.json.data.read_at);
    assert.deepEqual((await user.list('?unread=true')).data, []);
    const all = await user.list();
    assert.deepEqual([all.data.length, all.meta.unread], [1, 0]);
    assert.deepEqual((await user.api('DELETE', `/notifications/${id}`)).json.data, { id });
    rejected(await user.api('DELETE', `/notifications/${id}`), 404, 'NOT_FOUND');
    assert.deepEqual((await user.list()).data, []);
    assert.equal((await other.list()).data.length, 1);
});

test('EZRI-48: an administrator sends notices, which reach the sockets and are listed in pages', async (stage) => {
    const [admin, user] = [await joined(stage, 'admin'), await joined(stage)];
    const send = (by, body, more) => by.api('POST', '/notifications/send', { user_id: user.id, ...body }, more);
    const body = { type: 'warning', title: 'Maintenance', message: 'Tonight, for an hour.', metadata: { hours: 1 } };
    rejected(await send(user, body), 403, 'FORBIDDEN');
    rejected(await ask(stage.ports[0], { method: 'POST', path: '/api/v1/notifications/send', json: body }), 401);
    await eventually(
        'the gateway sees the role',
        async () => (await send(admin, { ...body, title: '' })).status === 422,
    );
    for (const bad of [
        { title: 'x' },
        { ...body, type: 'loud' },
        { ...body, title: 'x'.repeat(101) },
        { ...body, x: 1 },
    ])
        rejected(await send(admin, bad), 422, 'VALIDATION_FAILED');
    rejected(await send(admin, { ...body, user_id: crypto.randomUUID() }), 404, 'NOT_FOUND');

    const wire = await Wire.open(stage.ports[1], user.token);
    await wire.reply('subscribe', { channel: `user:${user.id}` });
    const key = { headers: { 'Idempotency-Key': crypto.randomUUID() } };
    const sent = await send(admin, body, key);
    assert.equal(sent.status, 202, sent.text);
    assert.equal((await send(admin, body, key)).json.data.id, sent.json.data.id, 'a repetition is the same notice');
    const frame = await wire.receive('the notice', (each) => each.type === 'notification_new');
    assert.deepEqual([frame.data.user_id, frame.data.kind], [user.id, 'admin']);
    const { notification } = frame.data;
    assert.equal(notification.id, sent.json.data.id);
    for (const [name, value] of Object.entries(body)) assert.deepEqual(notification[name], value, name);
    for (const title of ['Second', 'Third']) {
        await send(admin, { ...body, title });
        await wire.receive(title, (each) => each.data.notification?.title === title);
    }
    const listed = [];
    for (let query = '?limit=2'; query;) {
        const { data, meta } = await user.list(query);
        assert.equal(meta.unread, 4);
        listed.push(...data);
        query = meta.next_cursor && `?limit=2&cursor=${encodeURIComponent(meta.next_cursor)}`;
    }
    assert.deepEqual(
        listed.map((one) => one.title),
        ['Third', 'Second', 'Maintenance', 'Welcome to Ezri'],
    );
    assert.deepEqual(listed[2], notification);
    const audited = await stage.system.rows(
        "select actor, details from audit_log where user_id = $1 and action = 'admin.notification' order by at",
        [user.id],
    );
    assert.equal(audited.length, 3, 'a repetition does nothing');
    assert.deepEqual(audited[0], { actor: admin.id, details: { type: 'warning', title: 'Maintenance' } });
    wire.end();
});
