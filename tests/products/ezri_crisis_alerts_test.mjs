// Ezri's crisis alerts: calls for help by hand, and the work of people on alerts.

import assert from 'node:assert/strict';

import { withProduct } from '../support/js/accounts.mjs';
import { atRisk, auditOf, heard, joined, listen, say, startTalk } from '../support/js/crisis.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { readTopic } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withProduct('ezri');

const stateNow = async ({ system }, conversation) =>
    (await system.rows("select safety ->> 'state' as is from conversations where id = $1", [conversation]))[0].is;

test('EZRI-36: a call for help is stored sealed, answered with help lines, and published', async (stage) => {
    const [user, admin] = [await joined(stage), await joined(stage, 'admin')];
    await stage.system.rows("update users set country = 'GB' where id = $1", [user.id]);
    const wire = await listen(stage, admin, ['crisis']);
    const conversation_id = await startTalk(user);
    const context = `${crypto.randomUUID()} I need somebody now`;
    const call = { severity: 'critical', trigger_type: 'self_harm', conversation_id, context };
    const made = await user.api('POST', '/crisis/alerts', call);
    assert.equal(made.status, 201, made.text);
    const { alert, country, resources } = made.json.data;
    assert.deepEqual(
        [alert.severity, alert.trigger_type, alert.status, alert.origin, alert.conversation_id, alert.resources_shown],
        ['critical', 'self_harm', 'pending', 'user', conversation_id, true],
    );
    assert.deepEqual([country, resources[0].dial], ['GB', '116 123']);
    const frame = await heard(wire, alert.id, 'pending');
    assert.deepEqual(
        [frame.data.user_id, frame.data.severity, frame.data.conversation_id],
        [user.id, 'critical', conversation_id],
    );
    const [row] = await stage.system.rows('select to_jsonb(a)::text as text from crisis_alerts a where id = $1', [
        alert.id,
    ]);
    assert.ok(!row.text.includes('somebody now'), 'the words are sealed');
    const event = await eventually('the event is published', async () =>
        (await readTopic(stage.system, 'crisis.detected.v1')).find(({ value }) => value.includes(alert.id)),
    );
    const published = JSON.parse(event.value);
    assert.deepEqual(
        [published.user_id, published.message_id, published.country, event.key.toString()],
        [user.id, null, 'GB', user.id],
    );
    assert.ok(!event.value.includes('somebody now'));
});

test('EZRI-36: a call for help needs one tap, and is repeated safely', async (stage) => {
    const [user, other] = [await joined(stage), await joined(stage)];
    const made = await user.api('POST', '/crisis/alerts', {});
    assert.equal(made.status, 201, made.text);
    const { alert } = made.json.data;
    assert.deepEqual([alert.severity, alert.trigger_type, alert.conversation_id], ['high', 'other', null]);
    const key = { 'Idempotency-Key': crypto.randomUUID() };
    const twice = await Promise.all([1, 2].map(() => user.api('POST', '/crisis/alerts', { context: 'x' }, key)));
    assert.deepEqual(
        twice.map(({ status }) => status),
        [201, 201],
    );
    assert.equal(twice[0].json.data.alert.id, twice[1].json.data.alert.id);
    rejected(await user.api('POST', '/crisis/alerts', { context: 'y' }, key), 422, 'IDEMPOTENCY_KEY_REUSED');
    const elsewhere = (await other.api('POST', '/crisis/alerts', { context: 'x' }, key)).json.data.alert.id;
    assert.notEqual(elsewhere, alert.id);
    const mine = (await user.api('GET', '/crisis/alerts/mine')).json.data;
    assert.deepEqual(
        mine.map(({ id }) => id),
        [twice[0].json.data.alert.id, alert.id],
    );
    const conversation_id = await startTalk(other);
    rejected(await user.api('POST', '/crisis/alerts', { conversation_id }), 404, 'NOT_FOUND', /conversation/);
    for (const wrong of [{ severity: 'worst' }, { trigger_type: 5 }, { context: 'x'.repeat(4001) }, { mood: 1 }])
        rejected(await user.api('POST', '/crisis/alerts', wrong), 422, 'VALIDATION_FAILED');
    rejected(await ask(stage.ports[0], { method: 'POST', path: '/v1/crisis/alerts', json: {} }), 401);
});

test('EZRI-36 EZRI-42: a message at high risk makes an alert, and is flagged', async (stage) => {
    const [{ user, conversation, alerts }, staff] = [await atRisk(stage), await joined(stage, 'crisis')];
    const [{ id }] = alerts;
    const alert = (await staff.api('GET', `/crisis/alerts/${id}`)).json.data;
    assert.deepEqual(
        [alert.trigger_type, alert.origin, alert.status, alert.user.email, alert.has_evidence],
        ['suicide', 'detection', 'pending', user.email, true],
    );
    assert.ok(['high', 'critical'].includes(alert.severity) && alert.detected_signals.length > 0);
    const details = (await user.api('GET', `/ai/conversations/${conversation}`)).json.data;
    const message = details.messages.find((one) => one.id === alert.message_id);
    assert.deepEqual([message.flagged, message.flag_reason, message.flag_categories], [true, 'suicide', ['suicide']]);
    assert.deepEqual(
        [details.conversation.crisis_detected, details.conversation.crisis_timestamp],
        [true, message.created_at],
    );
});

test('EZRI-37: an alert reaches the channels crisis and admin within a second', async (stage) => {
    const [staff, admin, user] = [await joined(stage, 'crisis'), await joined(stage, 'admin'), await joined(stage)];
    const wires = [await listen(stage, staff, ['crisis']), await listen(stage, admin, ['admin'])];
    const own = await Wire.open(stage.ports[0], user.token);
    for (const channel of ['crisis', 'admin'])
        assert.equal((await own.reply('subscribe', { channel })).data.code, 'NOT_FOUND');
    const refused = await Wire.open(stage.ports[0], staff.token);
    assert.equal((await refused.reply('subscribe', { channel: 'admin' })).data.code, 'NOT_FOUND');
    const conversation = await startTalk(user);
    const begun = Date.now();
    const sent = say(user, conversation);
    const about = ({ type, data }) => type === 'crisis_alert' && data.user_id === user.id;
    const frames = await Promise.all(wires.map((wire) => wire.receive('the alert', about)));
    const ms = Date.now() - begun;
    assert.ok(ms < 1_000, `${ms} ms`);
    await sent;
    for (const { data } of frames)
        assert.deepEqual([data.conversation_id, data.status, data.trigger_type], [conversation, 'pending', 'suicide']);
    assert.ok(![...own.frames, ...refused.frames].some(({ type }) => type === 'crisis_alert'));
});

test('EZRI-38: an alert is reviewed, assigned, escalated, resolved; steps are audited', async (stage) => {
    const [{ alerts, user }, staff, admin] = [
        await atRisk(stage),
        await joined(stage, 'crisis'),
        await joined(stage, 'admin'),
    ];
    const [{ id }] = alerts;
    const wire = await listen(stage, admin, ['admin']);
    const change = (fields, who = staff) => who.api('PATCH', `/crisis/alerts/${id}`, fields);
    const to = async (fields, who) => {
        const { status, json, text } = await change(fields, who);
        assert.equal(status, 200, text);
        return json.data;
    };
    for (const status of ['resolved', 'escalated'])
        rejected(await change({ status }), 409, 'TRANSITION_FORBIDDEN', /a pending alert can become reviewed/);
    const reviewed = await to({ status: 'reviewed', assigned_to: staff.id });
    assert.deepEqual(
        [reviewed.status, reviewed.assigned_to, reviewed.assignee.email, reviewed.reviewed_by],
        ['reviewed', staff.id, staff.email, staff.id],
    );
    await heard(wire, id, 'reviewed');
    rejected(await change({ status: 'pending' }), 409, 'TRANSITION_FORBIDDEN');
    const notes = 'She is with her sister now.';
    const escalated = await to({ status: 'escalated', resolution_notes: notes, emergency_contacted: true }, admin);
    assert.deepEqual([escalated.resolution_notes, escalated.emergency_contacted], [notes, true]);
    await heard(wire, id, 'escalated');
    const [row] = await stage.system.rows('select to_jsonb(a)::text as text from crisis_alerts a where id = $1', [id]);
    assert.ok(!row.text.includes('sister'), 'the notes are sealed');
    rejected(
        await change({ status: 'reviewed' }),
        409,
        'TRANSITION_FORBIDDEN',
        /an? escalated alert can become resolved/,
    );
    const resolved = await to({ status: 'resolved' });
    assert.deepEqual([resolved.status, resolved.resolution_notes], ['resolved', notes]);
    assert.ok(resolved.resolved_at);
    await heard(wire, id, 'resolved');
    for (const status of ['pending', 'reviewed', 'escalated'])
        rejected(await change({ status }), 409, 'TRANSITION_FORBIDDEN', /a resolved alert stays resolved/);
    assert.equal((await to({ status: 'resolved' })).resolved_at, resolved.resolved_at);
    assert.equal((await to({ assigned_to: null, resolution_notes: null })).assignee, null);
    const log = (await auditOf(stage, id)).filter(({ action }) => action === 'crisis_alert.changed');
    assert.deepEqual(
        log.map(({ actor, details }) => [actor, details.from, details.status]),
        [
            [staff.id, 'pending', 'reviewed'],
            [admin.id, 'reviewed', 'escalated'],
            [staff.id, 'escalated', 'resolved'],
            [staff.id, 'resolved', 'resolved'],
            [staff.id, 'resolved', undefined],
        ],
    );
    assert.ok(log.every(({ user_id, details }) => user_id === user.id && !JSON.stringify(details).includes('sister')));
});

test('EZRI-38: only people with a role work on alerts, and a change that means nothing is rejected', async (stage) => {
    const [{ user, alerts }, staff] = [await atRisk(stage), await joined(stage, 'crisis')];
    const [{ id }] = alerts;
    for (const [method, path, body] of [
        ['GET', '/crisis/alerts'],
        ['GET', `/crisis/alerts/${id}`],
        ['PATCH', `/crisis/alerts/${id}`, { status: 'reviewed' }],
        ['GET', `/crisis/alerts/${crypto.randomUUID()}`],
    ])
        rejected(await user.api(method, path, body), 403, 'FORBIDDEN');
    const unknown = `/crisis/alerts/${crypto.randomUUID()}`;
    for (const path of [unknown, '/crisis/alerts/x']) {
        rejected(await staff.api('GET', path), 404, 'NOT_FOUND');
        rejected(await staff.api('PATCH', path, { status: 'reviewed' }), 404, 'NOT_FOUND');
    }
    for (const [wrong, naming] of [
        [{ assigned_to: user.id }, /assigned_to/],
        [{ assigned_to: crypto.randomUUID() }, /assigned_to/],
        [{ assigned_to: 'me' }, /assigned_to/],
        [{ status: 'done' }, /status/],
        [{ false_alarm: true, status: 'escalated' }, /status/],
        [{ false_alarm: false }, /false_alarm/],
        [{ resolution_notes: 'x'.repeat(4001) }, /resolution_notes/],
        [{ severity: 'low' }, /severity/],
    ])
        rejected(await staff.api('PATCH', `/crisis/alerts/${id}`, wrong), 422, 'VALIDATION_FAILED', naming);
    assert.equal((await staff.api('GET', `/crisis/alerts/${id}`)).json.data.status, 'pending');
});

test('EZRI-38: the list is filtered by status, severity and user, newest first, and has pages', async (stage) => {
    const [{ user, alerts }, staff] = [await atRisk(stage, 2), await joined(stage, 'crisis')];
    const made = (await user.api('POST', '/crisis/alerts', { severity: 'low' })).json.data.alert;
    const find = async (query) => (await staff.api('GET', `/crisis/alerts?user=${user.id}&${query}`)).json;
    const ids = ({ data }) => data.map(({ id }) => id);
    const all = [made.id, alerts[1].id, alerts[0].id];
    assert.deepEqual(ids(await find('')), all);
    assert.deepEqual(ids(await find('severity=low')), [made.id]);
    await staff.api('PATCH', `/crisis/alerts/${alerts[0].id}`, { status: 'reviewed' });
    assert.deepEqual(ids(await find('status=reviewed')), [alerts[0].id]);
    assert.deepEqual(ids(await find('status=resolved')), []);
    const first = await find('limit=2');
    assert.deepEqual(ids(first), all.slice(0, 2));
    const second = await find(`limit=2&cursor=${encodeURIComponent(first.meta.next_cursor)}`);
    assert.deepEqual([ids(second), second.meta.next_cursor], [all.slice(2), null]);
    rejected(await staff.api('GET', '/crisis/alerts?status=open'), 400, 'BAD_REQUEST');
    rejected(await staff.api('GET', '/crisis/alerts?user=me'), 400, 'BAD_REQUEST');
});

test('EZRI-38: the safety state ends when the last open alert is resolved', async (stage) => {
    const [{ user, conversation, alerts, state }, staff] = [await atRisk(stage, 2), await joined(stage, 'crisis')];
    const own = await Wire.open(stage.ports[1], user.token);
    const resolve = async ({ id }) => {
        for (const status of ['reviewed', 'resolved'])
            assert.equal((await staff.api('PATCH', `/crisis/alerts/${id}`, { status })).status, 200);
    };
    await resolve(alerts[1]);
    assert.equal(await state(), 'HIGH_RISK', 'another alert is open');
    await resolve(alerts[0]);
    assert.equal(await state(), 'NORMAL');
    const { data } = await own.receive('the end', ({ type }) => type === 'safety_state_change');
    assert.deepEqual(data, { conversation_id: conversation, old_state: 'HIGH_RISK', new_state: 'NORMAL' });
    const { crisis_detected } = (await user.api('GET', `/ai/conversations/${conversation}`)).json.data.conversation;
    assert.equal(crisis_detected, true, 'what happened stays');
});

test('EZRI-38: a message that was judged before the end does not bring the state back', async (stage) => {
    const [{ user, conversation, alerts, state }, staff] = [await atRisk(stage), await joined(stage, 'crisis')];
    const [{ safety }] = await stage.system.rows('select safety from conversations where id = $1', [conversation]);
    const store = (version) =>
        stage.system.rows(
            `select * from messages_keep_safe(array[gen_random_uuid()], array[$1::uuid], array[$2::uuid],
                array[gen_random_uuid()], array[now()], array[$3::jsonb], '{1}', '{}')`,
            [conversation, user.id, { version, state: { ...safety, state: 'SAFETY_MODE', version: version + 1 } }],
        );
    await store(safety.version);
    assert.equal(await stateNow(stage, conversation), 'SAFETY_MODE');
    await staff.api('PATCH', `/crisis/alerts/${alerts[0].id}`, { false_alarm: true });
    await store(safety.version + 1);
    assert.equal(await state(), 'NORMAL');
});

test("EZRI-38: two people who resolve a conversation's two alerts at once end its state", async (stage) => {
    const staff = [await joined(stage, 'crisis'), await joined(stage, 'super')];
    for (let round = 0; round < 5; ++round) {
        const { alerts, state } = await atRisk(stage, 2);
        const done = await Promise.all(
            alerts.map(({ id }, i) => staff[i].api('PATCH', `/crisis/alerts/${id}`, { false_alarm: true })),
        );
        assert.deepEqual(
            done.map(({ json }) => [json.data.status, json.data.false_alarm]),
            [
                ['resolved', 'admin'],
                ['resolved', 'admin'],
            ],
        );
        assert.equal(await state(), 'NORMAL');
    }
});

test('EZRI-38: users mark their own alert as a false alarm, strangers find none', async (stage) => {
    const [{ user, alerts, state }, other, admin] = [
        await atRisk(stage),
        await joined(stage),
        await joined(stage, 'admin'),
    ];
    const [{ id }] = alerts;
    const wire = await listen(stage, admin, ['crisis']);
    for (const who of [other, admin])
        rejected(await who.api('POST', `/crisis/alerts/${id}/false-alarm`, {}), 404, 'NOT_FOUND');
    rejected(await user.api('POST', '/crisis/alerts/x/false-alarm', {}), 404, 'NOT_FOUND');
    const mark = () => user.api('POST', `/crisis/alerts/${id}/false-alarm`, {});
    const marked = await mark();
    assert.equal(marked.status, 200, marked.text);
    const { data } = marked.json;
    assert.deepEqual([data.status, data.false_alarm, data.assigned_to], ['resolved', 'user', undefined]);
    await heard(wire, id, 'resolved');
    assert.equal(await state(), 'NORMAL');
    assert.equal((await mark()).json.data.updated_at, data.updated_at, 'a second time changes nothing');
    assert.deepEqual((await user.api('GET', '/crisis/alerts/mine?open=true')).json.data, []);
    assert.deepEqual((await other.api('GET', '/crisis/alerts/mine')).json.data, []);
    const actions = (await auditOf(stage, id)).map(({ action }) => action);
    assert.deepEqual(actions, ['crisis_alert.false_alarm']);
});
