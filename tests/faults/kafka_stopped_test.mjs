// Kafka is down for a while: sends are rejected, streams continue, nothing reaches the dead letters, nothing is lost.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually, pause } from '../support/js/system/wait.mjs';
import { withFaults, print, seconds } from '../support/js/scenario.mjs';

const scenario = withFaults();

async function sendAgain(clients) {
    const rejected = clients.flatMap((c) => c.all.filter((one) => one.rejected).map((one) => [c, one]));
    for (const [client, one] of rejected) {
        one.rejected = null;
        client.write('message_send', one.order, one.order.client_message_id);
    }
    return rejected.length;
}

async function away(stage, ms, leave) {
    const { system } = stage;
    const clients = await stage.clientsOf(4);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(10, { script: 'tokens=40 rate=15' }))))).flat();
    await eventually('the replies are streaming', () => sent.every((one) => one.deltas > 1));
    const stoppedAt = Date.now();
    await leave();
    // At this moment some are neither accepted nor rejected.
    const during = (await Promise.all(clients.map((c) => c.sendAll(orders(3, { script: 'tokens=8' }))))).flat();
    const { status, headers, json } = await system.api('POST', '/chat/messages', {
        token: clients[0].user.token,
        body: { content: 'while Kafka is down', client_message_id: crypto.randomUUID() },
        headers: { Prefer: 'wait=0' },
    });
    assert.equal(status, 503, JSON.stringify(json));
    assert.ok(Number(headers.get('retry-after')) > 0, 'Retry-After');
    await eventually('sending is rejected as an outage', () => during.every((one) => one.rejected || one.ids));
    for (const one of during) if (one.rejected) assert.equal(one.rejected.code, 'UNAVAILABLE');
    await eventually('the streams end for their clients all the same', () =>
        sent.every((one) => one.ended || one.deltas > 30),
    );
    await pause(Math.max(0, ms - (Date.now() - stoppedAt)));
    const back = Date.now();
    await system.start('kafka');
    for (const name of ['gateway-1', 'moderation-1', 'chat-1', 'usage-1']) await system.ready(name);
    const readyAfter = seconds(back);
    await sendAgain(clients);
    await stage.check();
    for (const one of sent) assert.equal(one.restarts, 0, 'no reply was generated twice');
    print(
        `ready ${readyAfter} after Kafka was asked to start, all quiet after ${seconds(back)}; ${
            during.filter((one) => one.acceptedAt > stoppedAt).length
        } messages of ${during.length} sent meanwhile were accepted later`,
    );
}

scenario('no message is lost while Kafka is stopped for 15 s', (stage) =>
    away(stage, 15_000, () => stage.system.stop('kafka')),
);
scenario('a worker ends within its time while Kafka is away, and loses no message', async (stage) => {
    const { system } = stage;
    const [client] = await stage.clientsOf(1);
    const sent = await client.sendAll(orders(5, { script: 'tokens=60 rate=15' }));
    await eventually('the replies are streaming', () => sent.every((one) => one.deltas > 1));
    await system.kill('kafka');
    const begun = Date.now();
    // DRAIN_SECONDS is 2.
    await Promise.all(['chat-1', 'moderation-1', 'usage-1'].map((name) => system.stop(name)));
    assert.ok(Date.now() - begun < 6_000, `ended after ${seconds(begun)}`);
    await system.start('kafka');
    for (const name of ['chat-1', 'moderation-1', 'usage-1']) await system.start(name);
    await stage.check();
});
scenario('no message is lost when Kafka is killed and restarted', (stage) =>
    away(stage, 0, () => stage.system.kill('kafka')),
);
