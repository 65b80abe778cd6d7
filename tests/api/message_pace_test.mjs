// Messages of one conversation, each sent as soon as the one before has ended.

import assert from 'node:assert/strict';

import { print, withSystem } from '../support/js/scenario.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const scenario = withSystem();
const count = 200;

scenario('200 messages of a conversation, one after the other, do not wait for batches of events', async (stage) => {
    const client = await stage.client();
    const { id } = (await stage.system.api('POST', '/conversations', { token: client.user.token, body: {} })).json.data;
    const times = [];
    for (let n = 0; n < count; ++n) {
        const begun = performance.now();
        const one = await client.send(orders(1, { script: 'tokens=1', conversation: id })[0]);
        await eventually('it has ended', () => one.ended, { every: 1 });
        times.push(performance.now() - begun);
    }
    const sorted = times.toSorted((a, b) => a - b);
    const at = (part) => sorted[Math.floor(part * count)].toFixed(1);
    print(`p50 ${at(0.5)}, p90 ${at(0.9)}, max ${at(0.999)} ms`);
    // A batch is due after 100 ms; a message that waits for none takes about 10 ms on a quiet machine.
    assert.ok(sorted[count / 2] < 60, `p50 is ${at(0.5)} ms`);
    assert.equal(await stage.check(), count);
});
