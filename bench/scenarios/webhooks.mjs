// Stripe's webhooks. Acknowledged: the signature is checked, and the response comes when nothing can be lost any more:
// Kafka has the event, or an inbox in Postgres, as most people write it. Both peers are measured: the inbox costs a
// commit for each event, batches of kafkajs do the same work as airi. Applied: the event's objects are read at Stripe
// again and stored once; half of the events need one read, half two. The same events are sent as fast as they are
// acknowledged while nothing applies them, and then applied.
import { median, percentiles, rounds, scriptedClient, withPeer } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';
import { customers } from '../lib/stripe.mjs';
import { ofParts, processorTime, rateOf, run, since, sql, timeOf } from '../lib/system.mjs';

const warmup = 4_000;
const events = 20_000;
const path = '/api/v1/webhooks/stripe';

const send = (to) => scriptedClient('webhooks', { to, path, events, warmup, connections: 128 });

const insertCustomers = `
insert into payment_customers (provider, id, user_id)
select 'stripe', 'cus_bench' || n, md5('bench/user/' || n)::uuid from generate_series(1, ${customers}) n
on conflict do nothing;
analyze payment_customers`;

const peerTables = `
drop schema if exists bench_peer cascade; create schema bench_peer; set search_path = bench_peer;
create table inbox (id text primary key, type text not null, body text not null,
    received_at timestamptz not null default now(), taken_at timestamptz, applied_at timestamptz);
create index on inbox (received_at) where applied_at is null;
create table subscriptions (like airi.subscriptions including all);
create table invoices (like airi.invoices including all);
alter table subscriptions drop provider, drop user_id, add primary key (id);
alter table invoices drop provider, drop user_id, add customer text, add primary key (id)`;

// The result of `act`, and the processor milliseconds that the system and the peer's process used for each event.
async function costOf(act, peer) {
    const own = () => (peer ? timeOf(peer.pid) : 0);
    const [before, ownBefore] = [processorTime(), own()];
    const result = await act();
    const used = since(before, events);
    return { result, used, ms: used.system + (own() - ownBefore) / events };
}

async function byAiri() {
    run('scale', 'payments=0');
    sql('truncate payment_events');
    const sent = await costOf(() => send(settings.gateway));
    run('scale', 'payments=1');
    // With those that the read for another event covers.
    const count = () => Number(sql('select count(*) from payment_events'));
    return { sent, applied: await costOf(() => rateOf(count, events)) };
}

const receive = (store, stripe) =>
    withPeer('webhooks', { DO: 'receive', STORE: store, STRIPE: stripe, POSTGRES: settings.postgres }, (peer) =>
        costOf(() => send(peer.address), peer),
    );

async function byPeer(stripe) {
    sql(peerTables);
    const sent = await receive('postgres', stripe);
    const count = () => Number(sql('select count(*) from bench_peer.inbox where applied_at is not null'));
    const applied = await withPeer('webhooks', { DO: 'apply', STRIPE: stripe, POSTGRES: settings.postgres }, (peer) =>
        costOf(() => rateOf(count, events), peer),
    );
    return { sent, applied };
}

const cost = (all) => `${median(all.map((one) => one.ms)).toFixed(2)} ms of processor time each`;

const acknowledged = ([name, all]) => {
    const sent = all.map((one) => one.sent);
    return {
        what: `acknowledged, ${name}`,
        value: median(sent.map(({ result }) => result.per_second)),
        unit: '/s',
        note: `${percentiles(sent, ({ result }) => result.acknowledged)}; ${cost(sent)}`,
    };
};

const applied = ([name, all]) => ({
    what: `applied, ${name}`,
    value: median(all.map((one) => one.applied.result)),
    unit: '/s',
    note: cost(all.map((one) => one.applied)),
});

// Of the round in the middle.
function parts(all) {
    const [middle] = [...all].sort((a, b) => a.applied.ms - b.applied.ms).slice(all.length >> 1);
    return ofParts(middle.applied.used, 'processor time an applied event, airi', 'ms');
}

const ratio = (what, airi, peer) => ({
    what,
    value: airi.value / peer.value,
    target: '>= 3',
    ok: airi.value >= 3 * peer.value,
});

export async function measure() {
    sql(insertCustomers);
    return withPeer('stripe', {}, async ({ address: stripe }) => {
        process.env.STRIPE_API_BASE = `http://${stripe}`; // of the worker, when it is started
        const got = await rounds([
            ['airi', byAiri],
            ['fastify + stripe + pg', () => byPeer(stripe)],
            ['fastify + stripe + kafkajs, in batches', async () => ({ sent: await receive('kafka', stripe) })],
        ]);
        const [airi, inbox, batches] = [...got].map(acknowledged);
        const [byWorker, byInbox] = [...got].slice(0, 2).map(applied);
        return [
            airi,
            inbox,
            batches,
            ratio('acknowledged, airi : pg', airi, inbox),
            ratio('acknowledged, airi : kafkajs', airi, batches),
            byWorker,
            byInbox,
            ratio('applied, airi : pg', byWorker, byInbox),
            ...parts(got.get('airi')),
        ];
    });
}
