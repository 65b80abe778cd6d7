// Postgres is down: sends are rejected, and replies finished meanwhile are stored when it returns instead of being
// generated again.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print, seconds } from '../support/js/scenario.mjs';

const scenario = withFaults();

async function away(stage, leave) {
    const { system } = stage;
    stage.watchOffsets();
    const clients = await stage.clientsOf(5);
    const { token } = clients[0].user;
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(10, { script: 'tokens=40 rate=15' }))))).flat();
    await eventually('the replies are streaming', () => sent.every((one) => one.deltas > 1));
    const late = (await Promise.all(clients.map((c) => c.sendAll(orders(5, { script: 'tokens=8' }))))).flat();
    await leave();
    const stoppedAt = Date.now();
    const ask = () =>
        system.api('POST', '/chat/messages', {
            token,
            headers: { Prefer: 'wait=0' },
            body: { content: 'while Postgres is down', client_message_id: crypto.randomUUID() },
        });
    const { status, headers } = await eventually('sending is rejected', async () => {
        const got = await ask();
        return got.status !== 202 && got;
    });
    assert.equal(status, 503);
    assert.ok(Number(headers.get('retry-after')) > 0, 'Retry-After');
    // A reply's last tokens may come with its end only.
    await eventually(
        'the replies are complete while nothing can be stored',
        async () => (await system.stubStats()).under_way === 0 && sent.every((one) => one.text.includes('tok30')),
        { within: 60_000 },
    );
    const back = Date.now();
    await system.start('postgres');
    for (const name of ['gateway-1', 'moderation-1', 'chat-1', 'usage-1']) await system.ready(name);
    for (const client of clients)
        for (const one of client.all.filter((each) => each.rejected)) {
            one.rejected = null;
            client.write('message_send', one.order, one.order.client_message_id);
        }
    await stage.check();
    const restarted = sent.filter((one) => one.restarts > 0).length;
    assert.equal(restarted, 0, 'no reply is generated again because it could not be stored');
    print(
        `down ${((back - stoppedAt) / 1000).toFixed(1)} s, quiet ${seconds(back)} after its start; ` +
            `${late.filter((one) => one.acceptedAt).length} of ${late.length} late messages`,
    );
}

scenario('50 streams survive a restart of Postgres', (stage) => away(stage, () => stage.system.stop('postgres')));
scenario('50 streams survive a killed Postgres and its recovery', (stage) =>
    away(stage, () => stage.system.kill('postgres')),
);
