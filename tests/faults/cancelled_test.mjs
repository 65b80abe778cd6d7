// A user stops a reply: the provider's connection ends, what was made is stored and billed, once.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { onSystem, say } from '../support/js/scenario.mjs';

const scenario = onSystem({ gateways: 2, chat: 2 });

const upstream = (system, one) =>
    eventually(
        'the provider sees its client go',
        async () => (await system.stubRequests(one.order.mark)).find((r) => r.client_gone),
        { within: 5_000, every: 10 },
    );

scenario('message_cancel in the midst: partial text stored as cancelled, billed for what was made', async (on) => {
    const { system } = on;
    const clients = await on.clientsOf(2);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(5, { script: 'tokens=400 rate=20' }))))).flat();
    await eventually('the replies are under way', () => sent.every((one) => one.deltas > 5));
    const asked = Date.now();
    for (const client of clients) for (const one of client.all) client.cancel(one);
    const seen = await Promise.all(sent.map((one) => upstream(system, one)));
    const gone = Date.now() - asked;
    assert.equal(await on.check({ expect: () => 'cancelled' }), 10);
    for (const [i, one] of sent.entries()) {
        const text = one.end.message.content;
        assert.ok(text.length > 0 && text.startsWith(one.text), 'what was seen is stored');
        const [bill] = await system.rows('select tokens_out::int, outcome from usage_log where reference = $1', [
            one.ids.generation_id,
        ]);
        assert.equal(bill.outcome, 'cancelled');
        const words = text.trim().split(/\s+/).length;
        assert.ok(
            bill.tokens_out >= words && bill.tokens_out <= 2 * words + 8,
            `${bill.tokens_out} tokens for ${words} words`,
        );
        assert.ok(seen[i].tokens_sent < 400, 'the provider did not go on');
        const calls = await system.rows(
            'select outcome, tokens_out::int from provider_calls where generation_id = $1',
            [one.ids.generation_id],
        );
        assert.deepEqual(calls, [{ outcome: 'cancelled', tokens_out: bill.tokens_out }]);
    }
    say(`10 upstream connections had ended ${gone} ms after the wish`);
});

scenario(
    'a wish while Redis is away comes with the heartbeat; one before the first token ends it without a word',
    async (on) => {
        const { system } = on;
        const [client] = await on.clientsOf(1);
        const [early] = await client.sendAll(orders(1, { script: 'tokens=20 rate=20 first=3000' }));
        await eventually(
            'the provider is asked',
            async () => (await system.stubRequests(early.order.mark)).length > 0,
        );
        client.cancel(early);
        await eventually('it has ended', () => early.ended);
        assert.equal(early.end.message.content, '');
        const [late] = await client.sendAll(orders(1, { script: 'tokens=400 rate=20' }));
        await eventually('it is under way', () => late.deltas > 3);
        await system.kill('redis');
        client.cancel(late);
        await upstream(system, late);
        await system.start('redis');
        assert.equal(await on.check({ expect: () => 'cancelled' }), 2);
    },
);

scenario('a worker dies between the wish and the end: it ends as cancelled, once', async (on) => {
    const { system } = on;
    const clients = await on.clientsOf(2);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(5, { script: 'tokens=400 rate=20' }))))).flat();
    await eventually('the replies are under way', () => sent.every((one) => one.deltas > 3));
    system.pause('chat-1');
    for (const client of clients) for (const one of client.all) client.cancel(one);
    await eventually(
        'the wishes are written',
        async () =>
            (
                await system.rows('select count(*)::int as n from cancellations where generation_id = any($1)', [
                    sent.map((one) => one.ids.generation_id),
                ])
            )[0].n === 10,
    );
    await system.kill('chat-1');
    assert.equal(await on.check({ expect: () => 'cancelled' }), 10);
    await system.start('chat-1');
});
