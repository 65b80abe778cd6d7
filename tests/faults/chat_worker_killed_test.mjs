// kill -9 of a chat worker with 200 replies under way: another one takes over, or its own successor.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { onSystem, say, spread } from '../support/js/scenario.mjs';

const scenario = onSystem({ chat: 2 });

/// 200 replies from 10 users, all of them seen to have begun.
async function streams(on, script) {
    const clients = await on.clientsOf(10);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(20, { script }))))).flat();
    await eventually('200 replies are under way', () => sent.every((one) => one.deltas > 1), {
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
    const of = new Map(rows.map((row) => [row.id, row.slot]));
    return (slot) => sent.filter((one) => of.get(one.ids.generation_id) === slot);
}

scenario('another worker takes over 200 streams: restart announced, one reply, one bill', async (on) => {
    on.watchOffsets();
    const sent = await streams(on, 'tokens=120 rate=12');
    const ofSlot = await owners(on.system, sent);
    const [mine, others] = [ofSlot('chat-1'), ofSlot('chat-2')];
    assert.ok(mine.length > 20 && others.length > 20, `both workers have a share: ${mine.length} and ${others.length}`);
    const killed = Date.now();
    await on.system.kill('chat-1');
    assert.equal(await on.check(), 200);
    for (const one of mine) {
        assert.equal(one.restarts, 1, 'a restart is announced once');
        assert.equal(one.end.epoch, 2);
    }
    for (const one of others) assert.equal(one.restarts, 0, 'the others go on undisturbed');
    say(
        `${mine.length} of 200 streams taken over after ${spread(mine.map((one) => one.epochAt(2) - killed))}; ${on.samples} samples of offsets`,
    );
    await on.system.start('chat-1');
    await on.system.settled({ chat: 2 });
});

scenario('a worker that comes back under its name takes its own streams at once', async (on) => {
    await on.system.stop('chat-2');
    await on.system.settled({ chat: 1 });
    const sent = await streams(on, 'tokens=60 rate=10');
    const killed = Date.now();
    await on.system.kill('chat-1');
    await on.system.start('chat-1');
    assert.equal(await on.check(), 200);
    for (const one of sent) assert.equal(one.restarts, 1);
    say(`200 streams taken up again after ${spread(sent.map((one) => one.epochAt(2) - killed))}`);
    await on.system.start('chat-2');
});
