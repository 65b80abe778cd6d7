// One of three brokers dies or hangs under load: the others go on with its partitions, and no message is rejected.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually, pause } from '../support/js/system/wait.mjs';
import { print, spread, withFaults } from '../support/js/scenario.mjs';

// A worker that the coordinator has fenced twice ends, and its supervisor starts it again.
const scenario = withFaults({ kafkaNodes: 3, supervised: true });

// Each client sends a message each 250 ms until `stop` is called.
function load(clients) {
    let running = true;
    const done = Promise.all(
        clients.map(async (client) => {
            for (; running; await pause(250)) await client.send(orders(1, { script: 'tokens=8 rate=20' })[0]);
        }),
    );
    return () => {
        running = false;
        return done;
    };
}

// Each client sends while a broker is away, for as long as `meanwhile` waits. Its argument returns the number of
// messages that the slowest client had accepted since the broker left.
async function without(stage, { leave, meanwhile, comeBack }) {
    const clients = await stage.clientsOf(8);
    const all = () => clients.flatMap((client) => client.all);
    const stop = load(clients);
    await eventually('messages are answered', () => all().filter((one) => one.ended).length > 20);
    const left = Date.now();
    await leave();
    const accepted = (client) => client.all.filter((one) => one.sentAt >= left && one.acceptedAt).length;
    await meanwhile(() => Math.min(...clients.map(accepted)));
    const away = Date.now() - left;
    await comeBack();
    await pause(2_000);
    await stop();
    await stage.check();
    assert.deepEqual(
        clients.flatMap((client) => client.troubles),
        [],
        'no message is rejected',
    );
    const times = all()
        .filter((one) => one.sentAt >= left)
        .map((one) => one.acceptedAt - one.sentAt);
    print(`${times.length} messages accepted after ${spread(times)}; away for ${away} ms`);
}

scenario('EZRI-78: partitions of a killed broker work again before it is back', async (stage) => {
    const { system } = stage;
    await without(stage, {
        leave: () => system.kill('kafka-2'),
        meanwhile: (accepted) => eventually('each client goes on without it', () => accepted() >= 8),
        comeBack: () => system.start('kafka'),
    });
});

// librdkafka produces to the new leader when the old one has answered or the message has timed out.
scenario('messages for a broker that hangs wait for it, and none is lost', async (stage) => {
    const { system } = stage;
    await without(stage, {
        leave: () => system.pause('kafka-3'),
        meanwhile: () => pause(4_000),
        comeBack: () => system.resume('kafka-3'),
    });
});
