// Workers are added and removed under load: nothing is lost or duplicated, and the order is kept.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually, pause } from '../support/js/system/wait.mjs';
import { withFaults, print } from '../support/js/scenario.mjs';

const scenario = withFaults();

// Sends messages to three conversations of each client until `stop` is called.
function load(clients, conversations, every) {
    let running = true;
    const sent = [];
    const done = Promise.all(
        clients.map(async (client, i) => {
            for (let n = 0; running; ++n) {
                const conversation = conversations[i][n % conversations[i].length];
                const [order] = orders(1, { script: 'tokens=16 rate=20', conversation });
                sent.push(await client.send(order));
                await pause(every);
            }
        }),
    );
    return {
        sent,
        stop: () => {
            running = false;
            return done;
        },
    };
}

scenario('adding and removing chat workers under load loses no message', async (stage) => {
    const { system } = stage;
    stage.watchOffsets();
    const clients = await stage.clientsOf(8);
    const conversations = await Promise.all(
        clients.map((c) =>
            Promise.all(
                Array.from(
                    { length: 3 },
                    async () =>
                        (await system.api('POST', '/conversations', { token: c.user.token, body: {} })).json.data.id,
                ),
            ),
        ),
    );
    const coming = load(clients, conversations, 400);
    const onward = async () => {
        const seen = coming.sent.length;
        await eventually(
            'more messages have ended',
            () => coming.sent.slice(seen).filter((one) => one.ended).length > 40,
        );
    };
    await onward();
    await system.start('chat-2');
    await system.settled({ chat: 2 });
    await onward();
    assert.equal(await system.stop('chat-1'), 0);
    await system.settled({ chat: 1 });
    await onward();
    await system.start('chat-1');
    await system.settled({ chat: 2 });
    await onward();
    await system.kill('chat-2');
    await system.settled({ chat: 1 });
    await onward();
    await coming.stop();
    const count = await stage.check();
    const byOwner = await system.rows(
        "select split_part(owner, '#', 1) as slot, count(*)::int from generations group by 1 order by 1",
    );
    assert.equal(byOwner.length, 2, 'both workers have answered');
    print(
        `${count} messages, ${coming.sent.filter((one) => one.restarts > 0).length} of them begun anew; ${byOwner
            .map((o) => `${o.slot} ${o.count}`)
            .join(', ')}; ${stage.samples} samples of offsets`,
    );
});
