// kill -9 of a chat worker during 200 replies: another worker takes over, or the same one after a restart.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print, spread } from '../support/js/scenario.mjs';

const scenario = withFaults({ chat: 2 });

// Starts 200 replies of 10 users and waits until all of them stream.
async function streams(stage, script) {
    const clients = await stage.clientsOf(10);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(20, { script }))))).flat();
    await eventually('200 replies are streaming', () => sent.every((one) => one.deltas > 1), {
        within: 40_000,
        describe: () => ({
            begun: sent.filter((one) => one.deltas > 1).length,
            ended: sent.filter((one) => one.ended).length,
        }),
    });
    assert.equal(sent.filter((one) => one.ended).length, 0, 'none has ended yet');
    return sent;
}

async function owners(system, sent) {
    const rows = await system.rows("select id, split_part(owner, '#', 1) as slot from generations where id = any($1)", [
        sent.map((one) => one.ids.generation_id),
    ]);
    const slots = new Map(rows.map((row) => [row.id, row.slot]));
    return (slot) => sent.filter((one) => slots.get(one.ids.generation_id) === slot);
}

scenario(
    'another worker takes over 200 streams with an announced restart, one reply and one usage record each',
    async (stage) => {
        stage.watchOffsets();
        const sent = await streams(stage, 'tokens=120 rate=12');
        const ofSlot = await owners(stage.system, sent);
        const [mine, others] = [ofSlot('chat-1'), ofSlot('chat-2')];
        assert.ok(
            mine.length > 20 && others.length > 20,
            `both workers have some: ${mine.length} and ${others.length}`,
        );
        const killed = Date.now();
        await stage.system.kill('chat-1');
        assert.equal(await stage.check(), 200);
        for (const one of mine) {
            assert.equal(one.restarts, 1, 'a restart is announced once');
            assert.equal(one.end.epoch, 2);
        }
        for (const one of others) assert.equal(one.restarts, 0, 'the others continue undisturbed');
        print(
            `${mine.length} of 200 streams taken over after ${spread(mine.map((one) => one.epochAt(2) - killed))}; ` +
                `${stage.samples} samples of offsets`,
        );
        await stage.system.start('chat-1');
        await stage.system.settled({ chat: 2 });
    },
);

scenario('a worker restarted under its name takes over its own streams at once', async (stage) => {
    await stage.system.stop('chat-2');
    await stage.system.settled({ chat: 1 });
    const sent = await streams(stage, 'tokens=60 rate=10');
    const killed = Date.now();
    await stage.system.kill('chat-1');
    await stage.system.start('chat-1');
    assert.equal(await stage.check(), 200);
    for (const one of sent) assert.equal(one.restarts, 1);
    print(`200 streams taken up again after ${spread(sent.map((one) => one.epochAt(2) - killed))}`);
    await stage.system.start('chat-2');
});
