// Quotas are exact under concurrency and after a loss of Redis, and users' data stays separate.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withSystem } from '../support/js/scenario.mjs';

const scenario = withSystem();

async function pair(stage, plan) {
    const user = await stage.system.user(plan);
    return Promise.all(['gateway-1', 'gateway-2'].map((name) => stage.client({ gateways: [name] }, user)));
}

const answered = (sent) =>
    eventually('each is accepted or rejected', () => sent.every((one) => one.ids || one.rejected));

scenario(
    "SAAS-13: exactly 50 of a free user's 120 concurrent messages over two gateways are accepted",
    async (stage) => {
        const clients = await pair(stage, 'free');
        const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(60, { script: 'tokens=4' }))))).flat();
        await answered(sent);
        assert.equal(sent.filter((one) => one.ids).length, 50);
        for (const one of sent) if (one.rejected) assert.equal(one.rejected.code, 'QUOTA_EXCEEDED');
        assert.equal(await stage.check(), 50);
        const { status, headers } = await stage.system.api('POST', '/chat/messages', {
            token: clients[0].user.token,
            body: { content: 'one more' },
        });
        assert.equal(status, 429);
        assert.ok(Number(headers.get('retry-after')) > 0);
    },
);

scenario('exactly 50 messages are accepted when Redis loses the count before any is processed', async (stage) => {
    const clients = await pair(stage, 'free');
    stage.system.pause('moderation-1');
    const first = (await Promise.all(clients.map((c) => c.sendAll(orders(15, { script: 'tokens=4' }))))).flat();
    await answered(first);
    assert.ok(first.every((one) => one.ids));
    await stage.system.redis('FLUSHALL');
    const second = (await Promise.all(clients.map((c) => c.sendAll(orders(45, { script: 'tokens=4' }))))).flat();
    await answered(second);
    stage.system.resume('moderation-1');
    assert.equal([...first, ...second].filter((one) => one.ids).length, 50);
    assert.equal(await stage.check(), 50);
});

scenario('exactly 50 messages are accepted when Redis is down before any is processed', async (stage) => {
    const clients = await pair(stage, 'free');
    stage.system.pause('moderation-1');
    await stage.system.kill('redis');
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(40, { script: 'tokens=4' }))))).flat();
    await answered(sent);
    stage.system.resume('moderation-1');
    await stage.system.start('redis');
    assert.equal(sent.filter((one) => one.ids).length, 50);
    assert.equal(await stage.check(), 50);
});

scenario(
    'SAAS-59: a message sent 20 times at once over two gateways has one reply and one usage record',
    async (stage) => {
        const { system } = stage;
        const clients = await pair(stage, 'free');
        const [order] = orders(1, { script: 'tokens=20 rate=20' });
        const { token } = clients[0].user;
        const { mark, ...body } = order;
        const overRest = Promise.all(
            Array.from({ length: 10 }, (_, i) =>
                system.api('POST', '/chat/messages', { token, body, gateway: `gateway-${1 + (i % 2)}` }),
            ),
        );
        for (const client of clients) {
            await client.send(order);
            for (let i = 0; i < 4; ++i) client.write('message_send', order, order.client_message_id);
        }
        const answers = await overRest;
        for (const { status, json } of answers) {
            assert.equal(status, 201, JSON.stringify(json));
            assert.deepEqual(json.data, answers[0].json.data, 'every response is the same reply');
        }
        await eventually('both clients see the end', () => clients.every((c) => c.all[0].ended));
        for (const client of clients) assert.equal(client.all[0].ids.reply_id, answers[0].json.data.id);
        assert.deepEqual(clients[1].faults, []);
        stage.clients = [clients[0]]; // the other one has the same message
        assert.equal(await stage.check(), 1);
        const [{ n }] = await system.rows(
            "select sum(quantity)::int as n from usage_daily where user_id = $1 and resource = 'messages'",
            [clients[0].user.id],
        );
        assert.equal(n, 1);
        assert.equal((await system.stubRequests(mark)).length, 1, 'one provider call');
    },
);

scenario('AIRI-44: two users see nothing of each other', async (stage) => {
    const { system } = stage;
    const [mine, other] = await stage.clientsOf(2);
    const [sent] = await mine.sendAll(orders(1, { script: 'tokens=40 rate=20' }));
    await eventually('it is streaming', () => sent.deltas > 1);
    const { conversation_id, generation_id } = sent.ids;
    other.write('subscribe', { channel: `conversation:${conversation_id}` }, 'a');
    other.write('subscribe', { channel: `user:${mine.user.id}` }, 'b');
    other.write('resume', { generation_id, epoch: 0, offset: -1 }, 'c');
    other.write('message_cancel', { generation_id }, 'd');
    other.write('typing_start', { conversation_id }, 'e');
    other.write('message_send', { conversation_id, content: 'not mine', client_message_id: crypto.randomUUID() }, 'f');
    const rejected = () => new Set(other.others.filter((f) => f.type === 'error').map((f) => f.data.ref));
    await eventually('all of it is rejected', () => ['a', 'b', 'c', 'e', 'f'].every((ref) => rejected().has(ref)), {
        describe: () => [...rejected()],
    });
    const { token } = other.user;
    const ask = async (method, route, body) => (await system.api(method, route, { token, body })).status;
    assert.equal(await ask('GET', `/conversations/${conversation_id}`), 404);
    assert.equal(await ask('GET', `/conversations/${conversation_id}/messages`), 404);
    assert.equal(await ask('POST', `/conversations/${conversation_id}/messages`, { content: 'not mine' }), 404);
    assert.equal(await ask('GET', `/generations/${generation_id}/events`), 404);
    assert.equal(await ask('POST', `/generations/${generation_id}/cancel`, {}), 404);
    assert.equal(await stage.check(), 1);
    const foreignFrames = other.others.filter(
        (f) => JSON.stringify(f.data ?? {}).includes(conversation_id) && f.type !== 'error',
    );
    assert.deepEqual(foreignFrames, [], 'no frame of the conversation reached the other user');
    assert.equal((await system.api('GET', '/conversations', { token })).json.data.length, 0);
});
