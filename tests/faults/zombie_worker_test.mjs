// A chat worker that stands still past its lease (SIGSTOP) and then goes on as if nothing had happened (SIGCONT): its
// work belongs to another one by then, and what it still writes is refused.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { onSystem, say, spread } from '../support/js/scenario.mjs';

const scenario = onSystem({ chat: 2 });

async function frozen(on, script, until) {
    const clients = await on.clientsOf(4);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(10, { script }))))).flat();
    await eventually('the replies are under way', () => sent.every((one) => one.deltas > 1));
    on.system.pause('chat-1');
    const paused = Date.now();
    const rows = await on.system.rows("select id from generations where owner like 'chat-1#%' and id = any($1)", [
        sent.map((one) => one.ids.generation_id),
    ]);
    const mine = sent.filter((one) => rows.some((row) => row.id === one.ids.generation_id));
    assert.ok(mine.length > 3, `chat-1 has a share: ${mine.length}`);
    await eventually('another worker has begun anew', () => mine.every((one) => one.restarts === 1));
    await until(mine);
    on.system.resume('chat-1');
    assert.equal(await on.check(), 40);
    for (const one of sent) assert.equal(one.restarts, mine.includes(one) ? 1 : 0);
    const calls = await on.system.rows('select epoch, outcome from provider_calls where generation_id = any($1)', [
        mine.map((one) => one.ids.generation_id),
    ]);
    assert.equal(calls.length, 2 * mine.length, 'both calls of each are on record');
    say(
        `${mine.length} replies taken over after ${spread(mine.map((one) => one.epochAt(2) - paused))}; calls given up: ${calls
            .filter((c) => c.epoch === 1)
            .map((c) => c.outcome)
            .filter((o, i, all) => all.indexOf(o) === i)}`,
    );
    await on.system.settled({ chat: 2 });
}

scenario('a zombie in the midst of its replies stops', (on) => frozen(on, 'tokens=100 rate=12', async () => {}));

scenario('a zombie whose replies are whole by then is fenced off: the other reply is stored, once', (on) =>
    frozen(on, 'tokens=60 rate=12', (mine) =>
        eventually('the provider has sent all of the first replies', async () => {
            const done = (await on.system.stubRequests()).filter((r) => r.finished && !r.client_gone);
            return mine.every((one) => done.some((r) => r.last_user.includes(one.order.mark)));
        }),
    ),
);
