// kill -9 of the moderation worker while messages arrive: none is lost, none is stored twice.

import assert from 'node:assert/strict';

import { appoint } from '../support/js/staff.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print, seconds } from '../support/js/scenario.mjs';

const scenario = withFaults();

scenario('the only moderation worker dies mid-work, returns and loses no message', async (stage) => {
    const { system } = stage;
    stage.watchOffsets();
    const clients = await stage.clientsOf(5);
    const sending = Promise.all(clients.map((c) => c.sendAll(orders(80, { script: 'tokens=8' }), { every: 10 })));
    const stored = async () => (await system.rows('select count(*)::int as n from generations'))[0].n;
    await eventually('it has begun', async () => (await stored()) > 50, { every: 5 });
    await system.kill('moderation-1');
    const sent = (await sending).flat();
    await eventually('all are acknowledged', () => sent.every((one) => one.ids));
    const waiting = sent.length - (await stored());
    assert.ok(waiting > 20, `messages wait for moderation: ${waiting}`);
    const back = Date.now();
    await system.start('moderation-1');
    assert.equal(await stage.check(), 400);
    print(
        `${waiting} acknowledged messages waited in Kafka and had ended ${seconds(back)} after the restart; ` +
            `${stage.samples} samples`,
    );
});

scenario('the second of two moderation workers continues when the first dies', async (stage) => {
    const { system } = stage;
    await system.start('moderation-2');
    await system.settled({ moderation: 2 });
    const clients = await stage.clientsOf(5);
    const sending = Promise.all(clients.map((c) => c.sendAll(orders(40, { script: 'tokens=8' }), { every: 20 })));
    await eventually('they have begun', () => clients.some((c) => c.all.some((one) => one.ended)), { every: 5 });
    await system.kill('moderation-2');
    await sending;
    assert.equal(await stage.check(), 200);
});

scenario(
    "SAAS-25: a message that moderation rejects ends as rejected, even across the worker's death",
    async (stage) => {
        const { system } = stage;
        const clients = await stage.clientsOf(1);
        await system.kill('moderation-1');
        // More would suspend their user.
        const bad = orders(4).map((order) => ({ ...order, content: `${order.mark} kill yourself` }));
        const sent = await clients[0].sendAll([...bad, ...orders(6, { script: 'tokens=8' })]);
        await eventually('all are acknowledged', () => sent.every((one) => one.ids));
        await system.start('moderation-1');
        const rejected = new Set(bad.map((order) => order.client_message_id));
        assert.equal(
            await stage.check({
                expect: (one) => (rejected.has(one.order.client_message_id) ? 'rejected' : 'completed'),
            }),
            10,
        );
    },
);

scenario('AIRI-33: a held message is decided once and answered once, whatever dies meanwhile', async (stage) => {
    const { system } = stage;
    const [client, staff] = await stage.clientsOf(2);
    await appoint(system, staff.user, 'admin', [system.program('gateway-1').port]);
    await system.kill('moderation-1');
    const held = orders(2, { script: 'tokens=8' }).map((one) => ({ ...one, content: `${one.content} white power` }));
    const sent = await client.sendAll(held);
    await eventually('all are acknowledged', () => sent.every((one) => one.ids));
    await system.start('moderation-1');
    await eventually('the client learns that they wait', () => sent.every((one) => one.held === 'blocked_term:hate'));
    await system.kill('moderation-1');
    await system.start('moderation-1');
    await system.kill('chat-1');
    const decide = (one, decision) =>
        system.api('POST', `/admin/held-messages/${one.ids.message_id}/decide`, {
            token: staff.user.token,
            body: { decision },
        });
    const [allowed, rejected] = sent;
    const answers = await Promise.all([...Array(4)].map(() => decide(allowed, 'allow')));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409]);
    assert.equal((await decide(rejected, 'reject')).status, 200);
    await system.start('chat-1');
    await eventually('both have ended', () => sent.every((one) => one.ended));
    assert.deepEqual([allowed.end.state, rejected.end.state], ['completed', 'rejected']);
    assert.deepEqual(client.faults, []);
    const rows = await system.rows(
        "select conversation_id from messages where role = 'assistant' and user_id = $1 and status = 'completed'",
        [client.user.id],
    );
    assert.deepEqual(rows, [{ conversation_id: allowed.ids.conversation_id }]);
    assert.equal((await system.stubRequests(allowed.order.mark)).length, 1);
    assert.deepEqual(await system.stubRequests(rejected.order.mark), []);
});
