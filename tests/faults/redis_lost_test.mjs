// All that Redis holds may be lost: clients see the right text all the same, and every end.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { onSystem, say } from '../support/js/scenario.mjs';

const scenario = onSystem({ gateways: 2 });

async function streams(on) {
    const clients = await on.clientsOf(5, { gateways: ['gateway-1', 'gateway-2'] });
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(10, { script: 'tokens=80 rate=15' }))))).flat();
    await eventually('the replies are under way', () => sent.every((one) => one.deltas > 1));
    return { clients, sent };
}

const goOn = (sent) => {
    const before = sent.map((one) => one.deltas);
    return eventually('the streams go on', () => sent.every((one, i) => one.deltas > before[i] + 2 || one.ended));
};

scenario('FLUSHALL in the midst of 50 streams costs a snapshot', async (on) => {
    const { sent } = await streams(on);
    await on.system.redis('FLUSHALL');
    await goOn(sent);
    assert.equal(await on.check(), 50);
    for (const one of sent) assert.equal(one.restarts, 0);
    say(`${sent.reduce((sum, one) => sum + one.snapshots, 0)} snapshots in 50 streams`);
});

scenario('FLUSHALL while a client is away: it gets the text so far, and the rest', async (on) => {
    const { clients, sent } = await streams(on);
    for (const client of clients) client.drop();
    await on.system.redis('FLUSHALL');
    await goOn(sent);
    assert.equal(await on.check(), 50);
    for (const one of sent) assert.equal(one.restarts, 0);
});

scenario('Redis is killed, messages are sent without it, and it starts empty', async (on) => {
    const { clients, sent } = await streams(on);
    await on.system.kill('redis');
    const without = (
        await Promise.all(clients.map((c) => c.sendAll(orders(3, { script: 'tokens=20 rate=20' }))))
    ).flat();
    await eventually('they are acknowledged without Redis', () => without.every((one) => one.ids));
    await eventually('they end without Redis', () => without.every((one) => one.ended));
    await on.system.start('redis');
    assert.equal(await on.check(), 65);
    await eventually('streaming is back', async () => {
        const [one] = await clients[0].sendAll(orders(1, { script: 'tokens=10 rate=20' }));
        await eventually('it has ended', () => one.ended);
        return one.deltas > 1;
    });
    await on.check();
    for (const one of [...sent, ...without]) assert.equal(one.restarts, 0);
});
