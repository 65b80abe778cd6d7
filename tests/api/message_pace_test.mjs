// Messages of one conversation, each sent as soon as the one before has ended.

import assert from 'node:assert/strict';

import { print, withSystem } from '../support/js/scenario.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually, pause } from '../support/js/system/wait.mjs';

const scenario = withSystem();
const count = 200;
const spaced = 20;

// The time from the sending of one message to its end.
async function timeOf(client, conversation) {
    const begun = performance.now();
    const one = await client.send(orders(1, { script: 'tokens=1', conversation })[0]);
    await eventually('it has ended', () => one.ended, { every: 1 });
    return performance.now() - begun;
}

const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];

scenario('200 messages of a conversation, one after the other, do not wait for batches of events', async (stage) => {
    const client = await stage.client();
    const { id } = (await stage.system.api('POST', '/conversations', { token: client.user.token, body: {} })).json.data;
    const alone = [];
    for (let n = 0; n < spaced; ++n) {
        alone.push(await timeOf(client, id));
        await pause(200);
    }
    const following = [];
    for (let n = 0; n < count; ++n) following.push(await timeOf(client, id));
    const [base, p50] = [median(alone), median(following)];
    print(`p50 ${p50.toFixed(1)} ms, with pauses between the messages ${base.toFixed(1)} ms`);
    // A batch of events is due after 100 ms, which a message with a pause before it never waits for.
    assert.ok(p50 < base + 50, `p50 is ${p50} ms, with pauses ${base} ms`);
    assert.equal(await stage.check(), count + spaced);
});
