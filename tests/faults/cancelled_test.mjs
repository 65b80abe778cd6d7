// A user cancels a reply: the provider's connection ends, and the partial reply is stored and billed once.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print } from '../support/js/scenario.mjs';

const scenario = withFaults({ chat: 2 });

const upstream = (system, one) =>
    eventually(
        'the provider sees its client disconnect',
        async () => (await system.stubRequests(one.order.mark)).find((r) => r.client_gone),
        { within: 5_000, every: 10 },
    );

scenario('message_cancel mid-stream stores the partial text as cancelled and bills it', async (stage) => {
    const { system } = stage;
    const clients = await stage.clientsOf(2);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(5, { script: 'tokens=400 rate=20' }))))).flat();
    await eventually('the replies are streaming', () => sent.every((one) => one.deltas > 5));
    const asked = Date.now();
    for (const client of clients) for (const one of client.all) client.cancel(one);
    const seen = await Promise.all(sent.map((one) => upstream(system, one)));
    const elapsed = Date.now() - asked;
    assert.equal(await stage.check({ expect: () => 'cancelled' }), 10);
    for (const [i, one] of sent.entries()) {
        const text = one.end.message.content;
        assert.ok(text.length > 0 && text.startsWith(one.text), 'the text that was shown is stored');
        const [bill] = await system.rows(
            "select tokens_out::int, outcome from usage_log where reference = $1 and resource = 'tokens'",
            [one.ids.generation_id],
        );
        assert.equal(bill.outcome, 'cancelled');
        const words = text.trim().split(/\s+/).length;
        assert.ok(
            bill.tokens_out >= words && bill.tokens_out <= 2 * words + 8,
            `${bill.tokens_out} tokens for ${words} words`,
        );
        assert.ok(seen[i].tokens_sent < 400, 'the provider stopped');
        const calls = await system.rows(
            'select outcome, tokens_out::int from provider_calls where generation_id = $1',
            [one.ids.generation_id],
        );
        assert.deepEqual(calls, [{ outcome: 'cancelled', tokens_out: bill.tokens_out }]);
    }
    print(`10 upstream connections had ended ${elapsed} ms after the request`);
});

scenario(
    'a cancellation without Redis arrives with the heartbeat, and one before the first token ends with no text',
    async (stage) => {
        const { system } = stage;
        const [client] = await stage.clientsOf(1);
        const [early] = await client.sendAll(orders(1, { script: 'tokens=20 rate=20 first=3000' }));
        await eventually(
            'the provider is called',
            async () => (await system.stubRequests(early.order.mark)).length > 0,
        );
        client.cancel(early);
        await eventually('it has ended', () => early.ended);
        assert.equal(early.end.message.content, '');
        const [late] = await client.sendAll(orders(1, { script: 'tokens=400 rate=20' }));
        await eventually('it is streaming', () => late.deltas > 3);
        await system.kill('redis');
        client.cancel(late);
        await upstream(system, late);
        await system.start('redis');
        assert.equal(await stage.check({ expect: () => 'cancelled' }), 2);
    },
);

scenario('a generation is cancelled once although its worker dies after the request', async (stage) => {
    const { system } = stage;
    const clients = await stage.clientsOf(2);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(5, { script: 'tokens=400 rate=20' }))))).flat();
    await eventually('the replies are streaming', () => sent.every((one) => one.deltas > 3));
    system.pause('chat-1');
    for (const client of clients) for (const one of client.all) client.cancel(one);
    await eventually(
        'the requests are stored',
        async () =>
            (
                await system.rows('select count(*)::int as n from cancellations where generation_id = any($1)', [
                    sent.map((one) => one.ids.generation_id),
                ])
            )[0].n === 10,
    );
    await system.kill('chat-1');
    assert.equal(await stage.check({ expect: () => 'cancelled' }), 10);
    await system.start('chat-1');
});
