// Calls whose worker died, slept or stopped them are in the ledger all the same, once.

import assert from 'node:assert/strict';

import { callsOf, promptOf } from '../support/js/provider_ledger.mjs';
import { checkLedger } from '../support/js/system/checker.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults } from '../support/js/scenario.mjs';

const test = withFaults({ chat: 2 });

const slotOf = async (system, id) =>
    (await system.rows("select split_part(owner, '#', 1) as slot from generations where id = $1", [id]))[0].slot;

// Waits until the worker's next heartbeat of the generation is stored.
async function heartbeat(system, id) {
    const lease = async () =>
        (await system.rows('select lease_until::text as until from generations where id = $1', [id]))[0].until;
    const before = await lease();
    await eventually('a heartbeat is stored', async () => (await lease()) !== before);
}

test('a reply that ends while its worker is frozen is counted by its provider', async (stage) => {
    const { system } = stage;
    const client = await stage.client();
    const [one] = await client.sendAll(orders(1, { script: 'tokens=60 rate=30' }));
    await eventually('the reply streams', () => one.deltas > 1);
    const slot = await slotOf(system, one.ids.generation_id);
    system.pause(slot);
    await eventually('another worker has taken over', () => one.restarts === 1);
    await eventually('the provider has sent the first reply', async () => {
        const [first] = await system.stubRequests(one.order.mark);
        return first.finished && !first.client_gone;
    });
    system.resume(slot);
    await stage.check();
    const outcomes = async () =>
        (await callsOf(system, [one.ids.generation_id]))
            .map((call) => `${call.epoch}/${call.call} ${call.outcome} ${call.tokens_out}`)
            .join(', ');
    const expected = '1/-1 replaced 0, 1/0 completed 60, 2/0 completed 60';
    await eventually(`the calls are ${expected}`, async () => (await outcomes()) === expected, { describe: outcomes });
    await checkLedger(system);
    await system.settled({ chat: 2 });
});

test('the finished rounds of a companion are counted although its worker dies in a later one', async (stage) => {
    const { system } = stage;
    const client = await stage.client();
    const post = async (path, body) =>
        (await system.api('POST', path, { token: client.user.token, body })).json.data.id;
    const companion = await post('/companions', { name: 'Ada', personality: 'Kind.', tools: ['calculator'] });
    const conversation = await post('/conversations', { companion_id: companion });
    const script = 'calls=1 argument=expression tokens=60 rate=30';
    const [one] = await client.sendAll(orders(1, { conversation, script }));
    await eventually('the second round streams', () => one.deltas > 0);
    await heartbeat(system, one.ids.generation_id);
    const slot = await slotOf(system, one.ids.generation_id);
    await system.kill(slot);
    await system.start(slot);
    await eventually('the reply is whole', () => one.ended);
    const calls = await callsOf(system, [one.ids.generation_id]);
    const used = calls.filter((call) => call.epoch === 1).reduce((sum, call) => sum + call.tokens_out, 0);
    const [first] = await system.stubRequests(one.order.mark);
    assert.equal(first.tokens_sent, 60);
    assert.ok(used > first.tokens_sent, `${used} tokens of the first worker's two calls: ${JSON.stringify(calls)}`);
    await system.settled({ chat: 2 });
});

test('an accepted prompt is counted although its reply is cancelled before it begins', async (stage) => {
    const { system } = stage;
    const client = await stage.client();
    const [one] = await client.sendAll(orders(1, { script: 'tokens=20 rate=20 first=30000' }));
    await eventually('the provider is called', async () => (await system.stubRequests(one.order.mark)).length > 0);
    await heartbeat(system, one.ids.generation_id);
    client.cancel(one);
    await stage.check({ expect: () => 'cancelled' });
    const [call] = await callsOf(system, [one.ids.generation_id]);
    assert.deepEqual([call.outcome, call.tokens_in, call.tokens_out], ['cancelled', promptOf(one.order.content), 0]);
});
