// A person at risk while a worker or a server dies: one reply with help lines, one alert, nothing to a model.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults } from '../support/js/scenario.mjs';

const scenario = withFaults();

const inDespair = (count) =>
    orders(count).map((order) => ({ ...order, content: `${order.mark} I want to end my life` }));

// Every message has one reply of ours with help lines, and one alert.
async function checkHelp({ system }, sent) {
    const [counts] = await system.rows(
        `select count(*)::int as messages,
            count(*) filter (where r.metadata ->> 'provider' = 'airi'
                             and jsonb_array_length(r.metadata -> 'crisis_resources') > 0)::int as helped,
            (select count(*) from crisis_alerts a where a.message_id = any (array_agg(g.message_id)))::int as alerts,
            (select count(*) from provider_calls c where c.generation_id = any (array_agg(g.id)))::int as calls
         from generations g join messages r on r.id = g.reply_id where g.message_id = any ($1)`,
        [sent.map((one) => one.ids.message_id)],
    );
    assert.deepEqual(counts, { messages: sent.length, helped: sent.length, alerts: sent.length, calls: 0 });
}

scenario('EZRI-35: a killed moderation worker answers each crisis message once', async (stage) => {
    const { system } = stage;
    const clients = await stage.clientsOf(4);
    const sending = Promise.all(clients.map((client) => client.sendAll(inDespair(20), { every: 10 })));
    const stored = async () => (await system.rows('select count(*)::int as n from crisis_alerts'))[0].n;
    await eventually('it has begun', async () => (await stored()) > 5, { every: 5 });
    await system.kill('moderation-1');
    const sent = (await sending).flat();
    await eventually('all are acknowledged', () => sent.every((one) => one.ids));
    await system.start('moderation-1');
    assert.equal(await stage.check(), 80);
    await checkHelp(stage, sent);
});

for (const server of ['kafka', 'redis', 'postgres'])
    scenario(`EZRI-35: crisis messages are answered once when ${server} is away`, async (stage) => {
        const { system } = stage;
        const clients = await stage.clientsOf(3);
        system.pause('moderation-1');
        const sent = (await Promise.all(clients.map((client) => client.sendAll(inDespair(10))))).flat();
        await eventually('all are acknowledged', () => sent.every((one) => one.ids));
        system.resume('moderation-1');
        await system.kill(server);
        await system.start(server);
        assert.equal(await stage.check(), 30);
        await checkHelp(stage, sent);
    });
