// Ezri's safety: what a person at risk is answered, what is stored of it, and who is told.

import assert from 'node:assert/strict';

import { withProduct } from '../support/js/accounts.mjs';
import { ask, Wire } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { print } from '../support/js/scenario.mjs';
import { eventually, pause } from '../support/js/system/wait.mjs';

const test = withProduct('ezri');

async function joined(stage) {
    const account = await stage.join();
    const api = (method, path, json) => ask(stage.ports[0], { method, path: `/v1${path}`, token: account.token, json });
    return { ...account, api };
}

// A conversation in which each message is answered before the next one is sent.
async function conversationOf(user) {
    const { id } = (await user.api('POST', '/ai/conversation/start', { avatar_id: 'avatar-1' })).json.data;
    const say = async (text) => {
        const sent = await user.api('POST', '/ai/conversation/message', {
            conversation_id: id,
            content: `${text} [[stub tokens=4]]`,
        });
        assert.equal(sent.status, 201, sent.text);
        return sent.json.data;
    };
    const now = async () => (await user.api('GET', `/ai/conversations/${id}`)).json.data;
    return { id, say, now };
}

const asked = ({ system }, mark) => system.stubRequests(mark);

const alertsOf = ({ system }, user) =>
    system.rows('select * from crisis_alerts where user_id = $1 order by created_at', [user.id]);

test('EZRI-31 EZRI-35: a person who wants to die gets help lines, and no model is asked', async (stage) => {
    const user = await joined(stage);
    await stage.system.rows("update users set country = 'GB' where id = $1", [user.id]);
    const wire = await Wire.open(stage.ports[0], user.token);
    const { id, say, now } = await conversationOf(user);
    const mark = crypto.randomUUID();
    const reply = await say(`I want to end my life ${mark}`);
    assert.match(reply.content, /concerned.*Your wellbeing matters/s);
    assert.match(reply.content, /Samaritans: 116 123/);
    assert.match(reply.content, /999/);
    const { metadata } = reply;
    assert.deepEqual(
        [metadata.safety_state, metadata.crisis_detected, metadata.crisis_country, metadata.provider],
        ['HIGH_RISK', true, 'GB', 'airi'],
    );
    assert.deepEqual([metadata.tokens_in, metadata.tokens_out, metadata.cost_nanousd], [0, 0, 0]);
    assert.equal(metadata.crisis_resources[0].country, 'GB');
    assert.deepEqual(await asked(stage, mark), []);
    const frames = ['crisis_resources', 'safety_state_change'].map((type) =>
        wire.receive(type, (frame) => frame.type === type),
    );
    const [resources, change] = await Promise.all(frames);
    assert.deepEqual(resources.data.resources, metadata.crisis_resources);
    assert.deepEqual(change.data, { conversation_id: id, old_state: 'NORMAL', new_state: 'HIGH_RISK' });
    const { conversation } = await now();
    assert.equal(conversation.safety_state, 'HIGH_RISK');
});

test('EZRI-35: the reply is in the language of the message', async (stage) => {
    const user = await joined(stage);
    for (const [text, pattern] of [
        ['Ich will nicht mehr leben', /macht mir große Sorgen/],
        ['Quiero morir', /Me preocupa mucho/],
        ['je veux mourir', /m'inquiète/],
    ]) {
        const { say } = await conversationOf(user);
        assert.match((await say(text)).content, pattern);
    }
});

test('EZRI-36 EZRI-42: an alert holds what was found, and the message is flagged', async (stage) => {
    const user = await joined(stage);
    const { id, say, now } = await conversationOf(user);
    const words = 'I am going to kill myself tonight';
    await say(words);
    const [alert, ...more] = await alertsOf(stage, user);
    assert.deepEqual(more, []);
    assert.deepEqual(
        [alert.conversation_id, alert.severity, alert.trigger_type, alert.status, alert.origin, alert.resources_shown],
        [id, 'critical', 'suicide', 'pending', 'detection', true],
    );
    assert.ok(alert.detected_signals.length > 0 && alert.rules_version.length > 0);
    assert.ok(alert.context.length > 50);
    assert.doesNotMatch(JSON.stringify(alert), /kill|tonight/);
    assert.ok(alert.keep_until - alert.created_at > 364 * 86_400_000);
    const { conversation, messages } = await now();
    assert.deepEqual([messages[0].flagged, messages[0].flag_reason], [true, 'suicide']);
    assert.equal(conversation.crisis_detected, true);
    assert.ok(Date.parse(conversation.crisis_timestamp) > Date.now() - 60_000);
});

test('EZRI-34: a conversation moves through every safety state and back', async (stage) => {
    const user = await joined(stage);
    const { id, say, now } = await conversationOf(user);
    const state = async () => (await now()).conversation.safety_state;
    const kind = await say("I feel like I can't go on");
    assert.match(kind.content, /are you thinking about ending your life/);
    assert.equal(kind.metadata.crisis_detected, false);
    assert.equal(await state(), 'ELEVATED_CONCERN');
    assert.deepEqual(await alertsOf(stage, user), []);
    assert.match((await say('yes')).content, /Your wellbeing matters/);
    assert.equal(await state(), 'HIGH_RISK');
    assert.equal((await alertsOf(stage, user)).length, 1);
    const careful = await say('I had some soup today');
    assert.deepEqual([careful.metadata.safety_state, careful.metadata.provider], ['SAFETY_MODE', 'openai']);
    assert.equal(await state(), 'SAFETY_MODE');
    for (let i = 0; i < 4; ++i) await say('The weather is nice');
    assert.equal(await state(), 'SAFETY_MODE', 'a day has not passed');
    await stage.system.rows(
        `update conversations set safety = safety || jsonb_build_object('concerned', (safety->>'concerned')::bigint
            - 90000000) where id = $1`,
        [id],
    );
    await say('The weather is still nice');
    assert.equal(await state(), 'NORMAL');
    const [row] = await stage.system.rows('select safety from conversations where id = $1', [id]);
    assert.equal(row.safety, null);
});

test('EZRI-26: a model in a conversation with concern is told to be careful', async (stage) => {
    const user = await joined(stage);
    const { say } = await conversationOf(user);
    const calm = crypto.randomUUID();
    await say(`Hello ${calm}`);
    await say("I feel like I can't go on");
    const careful = crypto.randomUUID();
    await say(`no, I am only very tired ${careful}`);
    const [before, after] = [await asked(stage, calm), await asked(stage, careful)];
    assert.equal(before.length, 1);
    assert.equal(after.length, 1);
    const prompts = await stage.system.rows('select safety from generations where user_id = $1 order by created_at', [
        user.id,
    ]);
    assert.deepEqual(
        prompts.map((one) => one.safety.safety_state),
        ['NORMAL', 'ELEVATED_CONCERN', 'ELEVATED_CONCERN'],
    );
});

test('EZRI-24 EZRI-33: a reply carries tokens, safety state and the sentiment of its question', async (stage) => {
    const user = await joined(stage);
    const { say } = await conversationOf(user);
    const glad = (await say('What a wonderful, happy and lovely day')).metadata;
    const sad = (await say('This was a terrible, horrible, awful day')).metadata;
    assert.ok(glad.sentiment_score > 0, String(glad.sentiment_score));
    assert.ok(sad.sentiment_score < 0, String(sad.sentiment_score));
    assert.deepEqual([glad.safety_state, glad.crisis_detected], ['NORMAL', false]);
    assert.ok(glad.tokens_in > 0 && glad.tokens_out > 0);
    const flat = (await user.api('POST', '/conversation', { message: 'I want to die' })).json.data;
    assert.deepEqual([flat.safety_state, flat.crisis_detected, flat.tokens_used], ['HIGH_RISK', true, 0]);
    assert.ok(flat.crisis_resources.length > 0);
    const plain = (await user.api('POST', '/conversation', { message: 'hi [[stub tokens=4]]' })).json.data;
    assert.deepEqual([plain.safety_state, plain.crisis_detected, plain.crisis_resources], ['NORMAL', false, undefined]);
});

test('EZRI-32: each documented keyword has its level', async (stage) => {
    const user = await joined(stage);
    const levels = {
        HIGH_RISK: [
            'I am thinking of suicide',
            'I want to kill myself',
            'I want to end my life',
            'My life is not worth living',
            'I want to die',
            'I would be better off dead',
        ],
        ELEVATED_CONCERN: [
            'I think about self harm',
            'I want to hurt myself a little',
            'I feel hopeless',
            "I can't go on",
            'I want to give up on everything',
        ],
        NORMAL: ['I am depressed', 'I am anxious', 'I am struggling', 'I am overwhelmed'],
    };
    for (const [wanted, texts] of Object.entries(levels))
        for (const text of texts) {
            const { say, now } = await conversationOf(user);
            await say(text);
            const { safety_state: state } = (await now()).conversation;
            const order = ['NORMAL', 'ELEVATED_CONCERN', 'HIGH_RISK'];
            assert.ok(order.indexOf(state) >= order.indexOf(wanted), `${text}: ${state}`);
            if (wanted === 'NORMAL') assert.notEqual(state, 'HIGH_RISK', text);
        }
});

test('EZRI-37: staff are told of an alert within a second, and nobody else may listen', async (stage) => {
    const [user, staff, other] = [await joined(stage), await joined(stage), await joined(stage)];
    await appoint(stage.system, staff, 'crisis');
    const desk = await Wire.open(stage.ports[1], staff.token);
    assert.equal((await desk.reply('subscribe', { channel: 'crisis' })).type, 'subscribed');
    assert.equal((await desk.reply('subscribe', { channel: 'admin' })).type, 'error');
    const stranger = await Wire.open(stage.ports[0], other.token);
    assert.equal((await stranger.reply('subscribe', { channel: 'crisis' })).type, 'error');
    const { id, say } = await conversationOf(user);
    const before = Date.now();
    const [alert] = await Promise.all([
        desk.receive('the alert', ({ type, data }) => type === 'crisis_alert' && data.user_id === user.id),
        say('I want to kill myself'),
    ]);
    assert.ok(Date.now() - before < 1000);
    const [row] = await alertsOf(stage, user);
    assert.deepEqual(
        [alert.data.alert_id, alert.data.conversation_id, alert.data.severity, alert.data.status],
        [row.id, id, 'high', 'pending'],
    );
});

test('EZRI-37: an alert arrives within a second while a hundred messages a second are sent', async (stage) => {
    const staff = await stage.join();
    await appoint(stage.system, staff, 'crisis');
    const desk = await Wire.open(stage.ports[1], staff.token);
    await desk.reply('subscribe', { channel: 'crisis' });
    const people = await Promise.all(Array.from({ length: 10 }, () => stage.join('pro')));
    const wires = await Promise.all(people.map((one, i) => Wire.open(stage.ports[i % 2], one.token)));
    const taken = new Map(people.map((one) => [one.id, []])); // by user: ms from each message to its alert
    const sent = new Map(people.map((one) => [one.id, []]));
    desk.socket.on('message', (data) => {
        const { type, data: alert } = JSON.parse(data);
        if (type !== 'crisis_alert' || !taken.has(alert.user_id)) return;
        const of = taken.get(alert.user_id);
        of.push(performance.now() - sent.get(alert.user_id)[of.length]);
    });
    const begun = performance.now();
    const sentAt = new Map(); // by client_message_id
    const accepted = []; // ms from each message to its acceptance
    for (const { socket } of wires)
        socket.on('message', (data) => {
            const { type, data: message } = JSON.parse(data);
            if (type === 'message_accepted') accepted.push(performance.now() - sentAt.get(message.client_message_id));
        });
    for (let i = 0; i < 300; ++i) {
        const who = i % people.length;
        const inCrisis = i % 12 === 0;
        const content = inCrisis ? 'I want to end my life' : 'what a day [[stub tokens=4]]';
        const client_message_id = crypto.randomUUID();
        sentAt.set(client_message_id, performance.now());
        if (inCrisis) sent.get(people[who].id).push(performance.now());
        wires[who].send('message_send', { client_message_id, content });
        await pause(Math.max(0, begun + (i + 1) * 10 - performance.now()));
    }
    const all = () => [...taken.values()].flat();
    await eventually('every alert has arrived', () => all().length === 25);
    await eventually('every message is accepted', () => accepted.length === 300);
    const slow = (times) => times.toSorted((a, b) => a - b).at(-Math.ceil(times.length / 10));
    print(`of 10 the slowest alert took ${Math.round(slow(all()))} ms, acceptance ${Math.round(slow(accepted))} ms`);
    // On a machine busy with other programs an alert keeps pace with the acceptance of messages.
    assert.ok(slow(all()) < Math.max(1000, 2 * slow(accepted)));
});

test('harmless words that sound alike are answered by a model', async (stage) => {
    const user = await joined(stage);
    const { say } = await conversationOf(user);
    for (const text of ['I am dying of laughter', 'this song is called Kill Myself', 'I could kill for a coffee'])
        assert.equal((await say(text)).metadata.provider, 'openai', text);
    await eventually('no alert', async () => (await alertsOf(stage, user)).length === 0);
});
