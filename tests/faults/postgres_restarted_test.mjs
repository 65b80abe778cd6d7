// Postgres is away: sending says so, and replies that were made meanwhile are stored when it is back, not made again.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { onSystem, say, seconds } from '../support/js/scenario.mjs';

const scenario = onSystem({ moderation: 1, chat: 1 });

async function away(on, leave) {
    const { system } = on;
    on.watchOffsets();
    const clients = await on.clientsOf(5);
    const { token } = clients[0].user;
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(10, { script: 'tokens=40 rate=15' }))))).flat();
    await eventually('the replies are under way', () => sent.every((one) => one.deltas > 1));
    const late = (await Promise.all(clients.map((c) => c.sendAll(orders(5, { script: 'tokens=8' }))))).flat();
    await leave();
    const gone = Date.now();
    const ask = () =>
        system.api('POST', '/chat/messages', {
            token,
            headers: { Prefer: 'wait=0' },
            body: { content: 'while Postgres is away', client_message_id: crypto.randomUUID() },
        });
    const { status, headers } = await eventually('sending is refused', async () => {
        const got = await ask();
        return got.status !== 202 && got;
    });
    assert.equal(status, 503);
    assert.ok(Number(headers.get('retry-after')) > 0, 'Retry-After');
    await eventually(
        'the replies are whole while nothing can be stored',
        () => sent.every((one) => one.text.includes('tok39') || one.restarts > 0),
        { within: 15_000 },
    );
    const back = Date.now();
    await system.start('postgres');
    for (const name of ['gateway-1', 'moderation-1', 'chat-1', 'usage-1']) await system.ready(name);
    for (const client of clients)
        for (const one of client.all.filter((each) => each.refused)) {
            one.refused = null;
            client.write('message_send', one.order, one.order.client_message_id);
        }
    await on.check();
    const anew = sent.filter((one) => one.restarts > 0).length;
    assert.equal(anew, 0, 'no reply is made again for want of a place to store it');
    say(
        `away ${((back - gone) / 1000).toFixed(1)} s, quiet ${seconds(back)} after its start; ${late.filter((one) => one.acceptedAt).length} of ${late.length} late messages`,
    );
}

scenario('Postgres is restarted under 50 streams', (on) => away(on, () => on.system.stop('postgres')));
scenario('Postgres is killed under 50 streams and recovers', (on) => away(on, () => on.system.kill('postgres')));
