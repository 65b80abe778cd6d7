// Stripe's webhooks with Fastify, the stripe package and pg: an inbox in Postgres between the endpoint and the worker.
//   DO=receive  checks the signature and responds when the event is kept. STORE=postgres: a row of the inbox is
//               committed; STORE=kafka: the broker has it (kafkajs, in batches)
//   DO=apply    applies the inbox, 64 events at a time: reads the event's objects at Stripe again, and stores them and
//               that the event is applied in one transaction
// Unlike airi it keeps no order of a customer's events, does not notice that an object changed while it was read,
// settles no plan, writes no history and no receipts, and tells nobody.
import fastify from 'fastify';
import pg from 'pg';
import Stripe from 'stripe';

import { kafka, publisherTo } from './producer.mjs';

const { PORT, POSTGRES, DO, STORE, STRIPE, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } = process.env;
const connections = 16;
const inFlight = 64;
const topic = 'bench.webhooks';

const database = new pg.Pool({
    connectionString: POSTGRES,
    max: connections,
    options: '-c search_path=bench_peer',
});
const [host, port] = STRIPE.split(':');
const stripe = new Stripe(STRIPE_SECRET_KEY, { protocol: 'http', host, port: Number(port) });

const insert = (event, body) =>
    database.query({
        name: 'receive',
        text: 'insert into inbox (id, type, body) values ($1, $2, $3) on conflict do nothing',
        values: [event.id, event.type, body],
    });

async function publisher() {
    const admin = kafka.admin();
    await admin.connect();
    if (!(await admin.listTopics()).includes(topic)) {
        const { topics } = await admin.fetchTopicMetadata({ topics: ['webhook.received.v1'] });
        await admin.createTopics({
            waitForLeaders: true,
            topics: [{ topic, numPartitions: topics[0].partitions.length, replicationFactor: 1 }],
        });
    }
    await admin.disconnect();
    const publish = await publisherTo(topic, { batches: true });
    return (event, body) =>
        publish({ key: event.data.object.customer, value: body, headers: { ce_id: event.id, ce_type: event.type } });
}

async function receive() {
    const keep = STORE === 'kafka' ? await publisher() : insert;
    const app = fastify({ logger: false });
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    app.post('/api/v1/webhooks/stripe', async (request, reply) => {
        let event;
        try {
            event = stripe.webhooks.constructEvent(
                request.body,
                request.headers['stripe-signature'],
                STRIPE_WEBHOOK_SECRET,
            );
        } catch (error) {
            return reply.code(400).send({ error: error.message });
        }
        await keep(event, request.body.toString());
        return { received: true };
    });
    await app.listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 });
}

const applied = `update inbox set applied_at = now() where id = $1 and applied_at is null`;

const storeSubscription = `
insert into subscriptions (id, customer, price, status, amount, currency, interval, period_start, period_end, cancel_at,
    canceled_at, ended_at, trial_end, created_at)
values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8), to_timestamp($9), to_timestamp($10), to_timestamp($11),
    to_timestamp($12), to_timestamp($13), to_timestamp($14))
on conflict (id) do update set price = excluded.price, status = excluded.status, amount = excluded.amount,
    currency = excluded.currency, interval = excluded.interval, period_start = excluded.period_start,
    period_end = excluded.period_end, cancel_at = excluded.cancel_at, canceled_at = excluded.canceled_at,
    ended_at = excluded.ended_at, trial_end = excluded.trial_end, updated_at = now()`;

const storeInvoice = `
insert into invoices (id, customer, subscription, number, status, currency, amount_due, amount_paid, hosted_url,
    pdf_url, attempts, next_attempt, period_start, period_end, created_at, paid_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, to_timestamp($12), to_timestamp($13), to_timestamp($14),
    to_timestamp($15), to_timestamp($16))
on conflict (id) do update set subscription = excluded.subscription, number = excluded.number,
    status = excluded.status, amount_due = excluded.amount_due, amount_paid = excluded.amount_paid,
    hosted_url = excluded.hosted_url, pdf_url = excluded.pdf_url, attempts = excluded.attempts,
    next_attempt = excluded.next_attempt, paid_at = excluded.paid_at`;

function subscriptionRow(s) {
    const [item] = s.items.data;
    const { unit_amount: amount, currency, recurring, id: price } = item.price;
    return [
        ...[s.id, s.customer, price, s.status, amount * item.quantity, currency, recurring.interval],
        ...[item.current_period_start, item.current_period_end, s.cancel_at, s.canceled_at, s.ended_at, s.trial_end],
        s.created,
    ];
}

const invoiceRow = (i, subscription) => [
    ...[i.id, i.customer, subscription, i.number, i.status, i.currency, i.amount_due, i.amount_paid],
    ...[i.hosted_invoice_url, i.invoice_pdf, i.attempt_count, i.next_payment_attempt, i.period_start, i.period_end],
    ...[i.created, i.status_transitions.paid_at],
];

// The statements that store the event's objects as they are now: [name, text, values].
async function readAgain({ data: { object } }) {
    const statements = [];
    let id = object.id;
    if (object.object === 'invoice') {
        const invoice = await stripe.invoices.retrieve(object.id);
        id = invoice.parent?.subscription_details?.subscription;
        statements.push(['invoice', storeInvoice, invoiceRow(invoice, id)]);
    }
    if (id) {
        const subscription = await stripe.subscriptions.retrieve(id);
        statements.push(['subscription', storeSubscription, subscriptionRow(subscription)]);
    }
    return statements;
}

async function applyEvent({ id, body }) {
    const statements = await readAgain(JSON.parse(body));
    const client = await database.connect();
    try {
        await client.query('begin');
        const { rowCount } = await client.query({ name: 'applied', text: applied, values: [id] });
        if (rowCount > 0) for (const [name, text, values] of statements) await client.query({ name, text, values });
        await client.query('commit');
        client.release();
    } catch (error) {
        client.release(error);
        throw error;
    }
}

// Rows that a worker took and left are taken again a minute later.
const take = `
update inbox set taken_at = now() where id in (
    select id from inbox
    where applied_at is null and (taken_at is null or taken_at < now() - interval '1 minute')
    order by received_at limit 1000 for update skip locked)
returning id, body`;

async function apply() {
    const waiting = [];
    let taking;
    const more = () =>
        (taking ??= database.query(take).then(({ rows }) => {
            waiting.push(...rows);
            taking = undefined;
            return rows.length;
        }));
    async function work() {
        for (;;) {
            if (waiting.length > 0) await applyEvent(waiting.shift());
            else if ((await more()) === 0) await new Promise((done) => setTimeout(done, 100));
        }
    }
    for (let i = 0; i < inFlight; ++i) work();
}

await (DO === 'receive' ? receive() : apply());
console.log('ready');
process.on('SIGTERM', () => process.exit(0));
