// A chat worker is stopped past its lease (SIGSTOP) and then continues as if nothing had happened (SIGCONT): another
// worker owns its work by then, and its late writes are rejected.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print, spread } from '../support/js/scenario.mjs';

const scenario = withFaults({ chat: 2 });

async function frozen(stage, script, until) {
    const clients = await stage.clientsOf(4);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(10, { script }))))).flat();
    await eventually('the replies are streaming', () => sent.every((one) => one.deltas > 1));
    stage.system.pause('chat-1');
    const paused = Date.now();
    const rows = await stage.system.rows("select id from generations where owner like 'chat-1#%' and id = any($1)", [
        sent.map((one) => one.ids.generation_id),
    ]);
    const mine = sent.filter((one) => rows.some((row) => row.id === one.ids.generation_id));
    assert.ok(mine.length > 3, `chat-1 has some: ${mine.length}`);
    await eventually('another worker has restarted them', () => mine.every((one) => one.restarts === 1));
    await until(mine);
    stage.system.resume('chat-1');
    assert.equal(await stage.check(), 40);
    for (const one of sent) assert.equal(one.restarts, mine.includes(one) ? 1 : 0);
    const calls = await stage.system.rows(
        "select epoch, outcome from provider_calls where outcome <> 'replaced' and generation_id = any($1)",
        [mine.map((one) => one.ids.generation_id)],
    );
    assert.equal(calls.length, 2 * mine.length, 'both calls of each are recorded');
    const abandoned = new Set(calls.filter((c) => c.epoch === 1).map((c) => c.outcome));
    print(
        `${mine.length} replies taken over after ${spread(mine.map((one) => one.epochAt(2) - paused))}; ` +
            `abandoned calls: ${[...abandoned]}`,
    );
    await stage.system.settled({ chat: 2 });
}

scenario('a worker that wakes after its lease stops its unfinished replies', (stage) =>
    frozen(stage, 'tokens=100 rate=12', async () => {}),
);

scenario('a worker that wakes with finished replies is fenced off, and the other reply is stored once', (stage) =>
    frozen(stage, 'tokens=60 rate=12', (mine) =>
        eventually('the provider has sent all of the first replies', async () => {
            const done = (await stage.system.stubRequests()).filter((r) => r.finished && !r.client_gone);
            return mine.every((one) => done.some((r) => r.last_user.includes(one.order.mark)));
        }),
    ),
);
