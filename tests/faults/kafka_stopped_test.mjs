// Kafka is away for a while: sending says so, streams go on, nothing reaches the dead letters, nothing is lost.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually, pause } from '../support/js/system/wait.mjs';
import { onSystem, say, seconds } from '../support/js/scenario.mjs';

const scenario = onSystem({ moderation: 1, chat: 1 });

async function sendAgain(clients) {
    const refused = clients.flatMap((c) => c.all.filter((one) => one.refused).map((one) => [c, one]));
    for (const [client, one] of refused) {
        one.refused = null;
        client.write('message_send', one.order, one.order.client_message_id);
    }
    return refused.length;
}

async function away(on, ms, leave) {
    const { system } = on;
    const clients = await on.clientsOf(4);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(10, { script: 'tokens=40 rate=15' }))))).flat();
    await eventually('the replies are under way', () => sent.every((one) => one.deltas > 1));
    const gone = Date.now();
    await leave();
    // At this moment some are neither accepted nor refused.
    const during = (await Promise.all(clients.map((c) => c.sendAll(orders(3, { script: 'tokens=8' }))))).flat();
    const { status, headers, json } = await system.api('POST', '/chat/messages', {
        token: clients[0].user.token,
        body: { content: 'while Kafka is away', client_message_id: crypto.randomUUID() },
        headers: { Prefer: 'wait=0' },
    });
    assert.equal(status, 503, JSON.stringify(json));
    assert.ok(Number(headers.get('retry-after')) > 0, 'Retry-After');
    await eventually('sending is refused as an outage', () => during.every((one) => one.refused || one.ids));
    for (const one of during) if (one.refused) assert.equal(one.refused.code, 'UNAVAILABLE');
    await eventually('the streams end for their clients all the same', () =>
        sent.every((one) => one.ended || one.deltas > 30),
    );
    await pause(Math.max(0, ms - (Date.now() - gone)));
    const back = Date.now();
    await system.start('kafka');
    for (const name of ['gateway-1', 'moderation-1', 'chat-1', 'usage-1']) await system.ready(name);
    const readyAfter = seconds(back);
    await sendAgain(clients);
    await on.check();
    for (const one of sent) assert.equal(one.restarts, 0, 'no reply was made twice');
    say(
        `ready ${readyAfter} after Kafka was asked to start, all quiet after ${seconds(back)}; ${
            during.filter((one) => one.acceptedAt > gone).length
        } messages of ${during.length} sent meanwhile were accepted later`,
    );
}

scenario('Kafka is stopped for 15 s and started', (on) => away(on, 15_000, () => on.system.stop('kafka')));
scenario('Kafka is killed and starts again', (on) => away(on, 0, () => on.system.kill('kafka')));
