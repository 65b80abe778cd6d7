// kill -9 of the moderation worker while messages come in: none is lost, none is stored twice.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { onSystem, say, seconds } from '../support/js/scenario.mjs';

const scenario = onSystem({ moderation: 1 });

scenario('the only moderation worker dies in the midst of its work and comes back', async (on) => {
    const { system } = on;
    on.watchOffsets();
    const clients = await on.clientsOf(5);
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
    assert.equal(await on.check(), 400);
    say(
        `${waiting} acknowledged messages waited in Kafka and had ended ${seconds(back)} after the restart; ${on.samples} samples`,
    );
});

scenario('of two moderation workers one dies: the other one goes on', async (on) => {
    const { system } = on;
    await system.start('moderation-2');
    await system.settled({ moderation: 2 });
    const clients = await on.clientsOf(5);
    const sending = Promise.all(clients.map((c) => c.sendAll(orders(40, { script: 'tokens=8' }), { every: 20 })));
    await eventually('they have begun', () => clients.some((c) => c.all.some((one) => one.ended)), { every: 5 });
    await system.kill('moderation-2');
    await sending;
    assert.equal(await on.check(), 200);
});

scenario('SAAS-25: what moderation refuses ends as rejected, also across its death', async (on) => {
    const { system } = on;
    const clients = await on.clientsOf(1);
    await system.kill('moderation-1');
    const bad = orders(5).map((order) => ({ ...order, content: `${order.mark} kill yourself` }));
    const sent = await clients[0].sendAll([...bad, ...orders(5, { script: 'tokens=8' })]);
    await eventually('all are acknowledged', () => sent.every((one) => one.ids));
    await system.start('moderation-1');
    const rejected = new Set(bad.map((order) => order.client_message_id));
    assert.equal(
        await on.check({ expect: (one) => (rejected.has(one.order.client_message_id) ? 'rejected' : 'completed') }),
        10,
    );
});
