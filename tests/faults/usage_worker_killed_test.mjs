// kill -9 of the usage worker: consumption is counted once, in the log and in the daily sums.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print } from '../support/js/scenario.mjs';

const scenario = withFaults();

scenario('usage is counted once although the usage worker dies repeatedly', async (stage) => {
    const { system } = stage;
    const clients = await stage.clientsOf(4);
    const sending = Promise.all(clients.map((c) => c.sendAll(orders(100, { script: 'tokens=5' }), { every: 15 })));
    const counted = async () =>
        (await system.rows("select count(*)::int as n from usage_log where resource = 'messages'"))[0].n;
    let deaths = 0;
    for (const mark of [20, 120, 220]) {
        await eventually('usage is being counted', async () => (await counted()) > mark, { every: 5 });
        await system.kill('usage-1');
        deaths += 1;
        await system.start('usage-1');
    }
    await sending;
    assert.equal(await stage.check(), 400);
    const [{ n }] = await system.rows("select sum(quantity)::int as n from usage_daily where resource = 'messages'");
    assert.equal(n, 400);
    print(`400 messages counted over ${deaths} deaths`);
});
