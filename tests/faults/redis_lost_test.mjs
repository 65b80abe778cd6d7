// Redis may lose everything, or store nothing: clients still see the right text and every end.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print } from '../support/js/scenario.mjs';

const scenario = withFaults();

async function streams(stage) {
    const clients = await stage.clientsOf(5, { gateways: ['gateway-1', 'gateway-2'] });
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(10, { script: 'tokens=80 rate=15' }))))).flat();
    await eventually('the replies are streaming', () => sent.every((one) => one.deltas > 1));
    return { clients, sent };
}

const continueStreams = (sent) => {
    const before = sent.map((one) => one.deltas);
    return eventually('the streams continue', () => sent.every((one, i) => one.deltas > before[i] + 2 || one.ended));
};

scenario('FLUSHALL during 50 streams costs one snapshot', async (stage) => {
    const { sent } = await streams(stage);
    await stage.system.redis('FLUSHALL');
    await continueStreams(sent);
    assert.equal(await stage.check(), 50);
    for (const one of sent) assert.equal(one.restarts, 0);
    print(`${sent.reduce((sum, one) => sum + one.snapshots, 0)} snapshots in 50 streams`);
});

scenario('a client that was disconnected during FLUSHALL gets the text so far and the rest', async (stage) => {
    const { clients, sent } = await streams(stage);
    for (const client of clients) client.drop();
    await stage.system.redis('FLUSHALL');
    await continueStreams(sent);
    assert.equal(await stage.check(), 50);
    for (const one of sent) assert.equal(one.restarts, 0);
});

scenario('messages are processed without Redis, and Redis restarts empty', async (stage) => {
    const { clients, sent } = await streams(stage);
    await stage.system.kill('redis');
    const without = (
        await Promise.all(clients.map((c) => c.sendAll(orders(3, { script: 'tokens=20 rate=20' }))))
    ).flat();
    await eventually('they are acknowledged without Redis', () => without.every((one) => one.ids));
    await eventually('they end without Redis', () => without.every((one) => one.ended));
    await stage.system.start('redis');
    assert.equal(await stage.check(), 65);
    await eventually('streaming works again', async () => {
        const [one] = await clients[0].sendAll(orders(1, { script: 'tokens=10 rate=20' }));
        await eventually('it has ended', () => one.ended);
        return one.deltas > 1;
    });
    await stage.check();
    for (const one of [...sent, ...without]) assert.equal(one.restarts, 0);
});

scenario('Redis at its memory limit costs neither a reply nor a second call of a provider', async (stage) => {
    const { system } = stage;
    const { clients, sent } = await streams(stage);
    await system.redis('CONFIG SET maxmemory 1');
    const meanwhile = (
        await Promise.all(clients.map((c) => c.sendAll(orders(3, { script: 'tokens=20 rate=20' }))))
    ).flat();
    const all = [...sent, ...meanwhile];
    await eventually('all messages end meanwhile', () => all.every((one) => one.ended), { within: 30_000 });
    await system.redis('CONFIG SET maxmemory 0');
    assert.equal(await stage.check(), 65);
    for (const one of all) assert.equal(one.restarts, 0);
    const calls = await system.rows('select epoch, outcome from provider_calls where generation_id = any($1)', [
        all.map((one) => one.ids.generation_id),
    ]);
    assert.deepEqual(
        calls,
        all.map(() => ({ epoch: 1, outcome: 'completed' })),
        'one call each',
    );
});
