// A user's devices on two gateways: each sees what the others do; and a closed connection leaves nothing behind.

import assert from 'node:assert/strict';

import { Client, orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Wire, ask } from '../support/js/raw.mjs';
import { withSystem } from '../support/js/scenario.mjs';

const scenario = withSystem();

// Two devices of one user and one of another user, each with the user's requests.
async function devices(system) {
    const [user, stranger] = await system.users(2);
    const open = async (n, account) => {
        const wire = await Wire.open(system.program(`gateway-${n}`).port, account.token);
        // A frame sent before the socket has joined its own channel is lost; a ping makes sure that it has joined.
        assert.equal((await wire.reply('subscribe', { channel: `user:${account.id}` })).type, 'subscribed');
        return wire;
    };
    const [one, other, alien] = [await open(1, user), await open(2, user), await open(2, stranger)];
    const api = async (method, path, body) => system.api(method, path, { token: user.token, body });
    const leave = () => [one, other, alien].forEach((wire) => wire.end());
    return { user, stranger, one, other, alien, api, leave };
}

const framesOf = (wire, type) => wire.frames.filter((frame) => frame.type === type);

scenario('AIRI-57: every conversation change reaches all devices of its user and nobody else', async ({ system }) => {
    const { one, other, alien, stranger, api, leave } = await devices(system);
    const updates = (wire) => framesOf(wire, 'conversation_updated').map((frame) => frame.data.conversation);
    let count = 0;
    const change = async (method, path, body, seen) => {
        const { status, json } = await api(method, path, body);
        assert.ok(status < 300, JSON.stringify(json));
        count += 1;
        for (const wire of [one, other])
            await eventually(`${method} ${path} is announced`, () => updates(wire).length === count);
        assert.deepEqual(updates(other).at(-1), json.data);
        for (const [name, value] of Object.entries(seen)) assert.deepEqual(updates(other).at(-1)[name], value, name);
        return json.data.id;
    };
    const id = await change('POST', '/conversations', { title: 'Trip' }, { title: 'Trip', deleted_at: null });
    await change('PATCH', `/conversations/${id}`, { title: 'Journey' }, { title: 'Journey' });
    await change('PUT', `/conversations/${id}`, { starred: true, tags: ['a'] }, { starred: true, tags: ['a'] });
    await change('POST', `/conversations/${id}/read`, {}, { unread: false });
    await change('DELETE', `/conversations/${id}`, undefined, {});
    assert.ok(updates(other).at(-1).deleted_at);
    await change('POST', `/conversations/${id}/restore`, {}, { deleted_at: null });
    const refusals = [
        api('PATCH', `/conversations/${id}`, { starred: 'yes' }),
        api('DELETE', `/conversations/${crypto.randomUUID()}`),
        system.api('PATCH', `/conversations/${id}`, { token: stranger.token, body: { title: 'mine' } }),
    ];
    for (const answer of await Promise.all(refusals)) assert.ok(answer.status >= 400);
    await change('PATCH', `/conversations/${id}`, { archived: true }, { archived: true });
    assert.deepEqual(updates(alien), []);
    leave();
});

scenario(
    "SAAS-24: a typing indicator reaches the user's other device until typing stops, and nobody else",
    async ({ system }) => {
        const { user, one, other, alien, api, leave } = await devices(system);
        const { id } = (await api('POST', '/conversations', {})).json.data;
        for (const wire of [one, other])
            assert.equal((await wire.reply('subscribe', { channel: `conversation:${id}` })).type, 'subscribed');
        assert.equal((await alien.reply('subscribe', { channel: `conversation:${id}` })).data.code, 'NOT_FOUND');
        for (const type of ['typing_start', 'typing_stop']) {
            one.send(type, { conversation_id: id });
            const frame = await other.receive(type, (each) => each.type === type);
            assert.deepEqual(frame.data, { conversation_id: id, user_id: user.id });
        }
        assert.equal((await alien.reply('typing_start', { conversation_id: id })).data.code, 'NOT_FOUND');
        assert.equal((await other.reply('unsubscribe', { channel: `conversation:${id}` })).type, 'unsubscribed');
        one.send('typing_start', { conversation_id: id });
        await eventually('it reaches the subscribed channel', () => framesOf(one, 'typing_start').length === 2);
        assert.equal((await other.reply('ping', {})).type, 'pong');
        assert.equal(framesOf(other, 'typing_start').length, 1);
        assert.ok(!alien.frames.some((frame) => frame.type.startsWith('typing')));
        leave();
    },
);

scenario(
    "SAAS-26: a message and its reply reach the user's other devices once each, on whichever channels they listen",
    async ({ system }) => {
        const { user, one, other, alien, leave } = await devices(system);
        const created = (wire) => framesOf(wire, 'message_created').map((frame) => frame.data);
        const send = async (more) => {
            const [{ mark, ...order }] = orders(1, { script: 'tokens=20 rate=20' });
            const accepted = await one.reply('message_send', { ...order, ...more });
            assert.equal(accepted.type, 'message_accepted', JSON.stringify(accepted));
            return { ...accepted.data, mark, content: order.content };
        };
        // The first turn reaches the other device on the user's channel only, the second one on both.
        const turns = [await send({})];
        const { conversation_id } = turns[0];
        await eventually('both messages of the first turn', () => created(other).length === 2);
        const subscribed = await other.reply('subscribe', { channel: `conversation:${conversation_id}` });
        assert.equal(subscribed.type, 'subscribed');
        turns.push(await send({ conversation_id }));
        const end = await other.receive('its reply', (frame) => frame.type === 'message_complete');
        assert.equal(end.data.generation_id, turns[1].generation_id);
        await eventually('both messages of the second turn', () => created(other).length === 4);
        for (const [i, turn] of turns.entries()) {
            const [question, reply] = created(other).slice(2 * i, 2 * i + 2);
            for (const data of [question, reply]) assert.equal(data.conversation_id, conversation_id);
            const { message } = question;
            assert.deepEqual(
                [message.id, message.conversation_id, message.content, message.role, message.generation_id],
                [turn.message_id, conversation_id, turn.content, 'user', turn.generation_id],
            );
            assert.ok(Date.parse(message.created_at));
            assert.deepEqual(
                [reply.message.id, reply.message.role, reply.message.status],
                [turn.reply_id, 'assistant', 'completed'],
            );
        }
        assert.deepEqual(created(other)[3].message, end.data.message);
        // A socket that follows the conversation only, as another member's will.
        assert.equal((await other.reply('unsubscribe', { channel: `user:${user.id}` })).type, 'unsubscribed');
        turns.push(await send({ conversation_id }));
        await eventually('both messages of the third turn', () => created(other).length === 6);
        assert.deepEqual(
            created(other)
                .slice(4)
                .map(({ message }) => message.id),
            [turns[2].message_id, turns[2].reply_id],
        );
        for (const wire of [one, other]) assert.equal((await wire.reply('ping', {})).type, 'pong');
        assert.equal(created(other).length, 6);
        assert.deepEqual(created(one), [], 'the sender knows');
        const foreign = JSON.stringify(alien.frames);
        for (const text of [user.id, ...turns.map(({ mark }) => mark)]) assert.ok(!foreign.includes(text));
        leave();
    },
);

scenario(
    'SAAS-30: both kinds of ping are answered, and a reply resumes where the connection was lost',
    async (stage) => {
        const { system } = stage;
        const client = await stage.client({ gateways: ['gateway-1', 'gateway-2'] });
        const wire = await Wire.open(system.program('gateway-1').port, client.user.token);
        const id = wire.send('ping', {});
        assert.equal((await wire.receive('a pong', (frame) => frame.type === 'pong')).id, id);
        let answered = null;
        wire.socket.on('pong', (data) => {
            answered = data.toString();
        });
        wire.socket.ping('are you there');
        await eventually("the protocol's own ping", () => answered === 'are you there');
        const [one] = await client.sendAll(orders(1, { script: 'tokens=60 rate=15' }));
        for (let loss = 1; loss <= 3; ++loss) {
            const seen = one.offset;
            await eventually('it continues', () => one.offset > seen + 3);
            client.drop();
            await eventually('it has reconnected', () => client.reconnects === loss && client.socket.readyState === 1);
        }
        assert.equal(await stage.check(), 1);
        assert.deepEqual([one.restarts, client.reconnects], [0, 3]);
        wire.end();
    },
);

async function gauges(system, ...names) {
    const { text } = await ask(system.program('gateway-1').adminPort, { path: '/metrics' });
    return names.map((name) => Number(text.match(new RegExp(`^${name} (\\d+)$`, 'm'))[1]));
}

scenario('AIRI-25: clients that disconnect mid-stream leak nothing, and their replies are completed', async (stage) => {
    const { system } = stage;
    const user = await system.user();
    const names = ['airi_gateway_connections_open', 'airi_gateway_sockets_open', 'airi_gateway_channels'];
    // The asking connection is one of them, and connections of earlier tests may still be closing.
    let base;
    await eventually(
        'no connection is left',
        async () => {
            base = await gauges(system, ...names);
            return base[0] <= 2 && base[1] === 0;
        },
        { every: 300, describe: () => base },
    );
    const leaving = Array.from({ length: 30 }, (_, i) => i);
    const ids = await Promise.all(
        leaving.map(async (i) => {
            const stop = new AbortController();
            const [{ mark, ...order }] = orders(1, { script: 'tokens=60 rate=15' });
            const answer = await fetch(`${system.url()}/api/v1/chat/messages`, {
                method: 'POST',
                signal: stop.signal,
                body: JSON.stringify(order),
                headers: {
                    Authorization: `Bearer ${user.token}`,
                    'Content-Type': 'application/json',
                    Accept: 'text/event-stream',
                },
            });
            assert.equal(answer.status, 200);
            const reader = answer.body.getReader();
            for (let text = ''; !text.includes('message_delta');)
                text += new TextDecoder().decode((await reader.read()).value);
            // Some before anything more is read, some in the middle.
            if (i % 2) await reader.read();
            stop.abort();
            return answer.headers.get('x-generation-id');
        }),
    );
    const clients = await Promise.all(leaving.slice(0, 10).map(async () => new Client(system, user).connect()));
    await Promise.all(
        clients.map(async (client) => {
            const [one] = await client.sendAll(orders(1, { script: 'tokens=60 rate=15' }));
            await eventually('it is streaming', () => one.deltas > 1);
            client.close();
        }),
    );
    const made = () =>
        system.rows('select state, count(*)::int as n from generations where user_id = $1 group by 1', [user.id]);
    await eventually(
        'all replies are completed',
        async () => JSON.stringify(await made()) === JSON.stringify([{ state: 'completed', n: 40 }]),
        { describe: made },
    );
    await eventually(
        "the gateway's counters are back to their start",
        async () => {
            const now = await gauges(system, ...names);
            return now[0] <= base[0] + 1 && now[1] === base[1] && now[2] <= base[2];
        },
        { every: 300, describe: () => gauges(system, ...names) },
    );
    assert.equal(ids.filter(Boolean).length, 30);
    const { under_way } = await system.stubStats();
    assert.equal(under_way, 0, 'no provider call is left open');
});
