// The usage topic with kafkajs and pg.
//   DO=fill     publishes EVENTS events of PEOPLE users, as the chat worker does
//   DO=consume  counts them: each batch of kafkajs is one transaction, which stores the new events and adds them to the
//               day's sums
// Prints a line when it is ready, and one when it has done EVENTS events.
import { randomUUID } from 'node:crypto';
import { Partitioners } from 'kafkajs';
import pg from 'pg';

import { kafka } from './producer.mjs';
import { usageEvent } from './usage_event.mjs';

const { POSTGRES, DO, PEOPLE } = process.env;
const events = Number(process.env.EVENTS);
const topic = 'usage.recorded.v1';

const message = (i, people) =>
    usageEvent(people[i % people.length], { tokens_cached: 0, tokens_reasoning: 0, price_version: 1 });

async function fill() {
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const people = PEOPLE.split(',');
    console.log('ready');
    for (let sent = 0; sent < events; sent += 5000)
        await producer.send({
            topic,
            messages: Array.from({ length: Math.min(5000, events - sent) }, (_, i) => message(sent + i, people)),
        });
    await producer.disconnect();
    console.log('done');
}

async function consume() {
    const database = new pg.Pool({ connectionString: POSTGRES, max: 4, options: '-c search_path=bench_peer' });
    const consumer = kafka.consumer({ groupId: `peer-${randomUUID()}` });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    let counted = 0;
    await consumer.run({
        partitionsConsumedConcurrently: 4,
        eachBatch: async ({ batch }) => {
            const rows = batch.messages
                .filter(({ headers }) => headers.ce_id)
                .map(({ value, headers }) => ({ event_id: String(headers.ce_id), ...JSON.parse(value) }));
            await database.query(
                `with fresh as (
                    insert into usage_log select e.event_id, e.user_id, e.resource, e.quantity, e.provider, e.model,
                        e.tokens_in, e.tokens_out, e.cost_nanousd, e.outcome, e.reference, e.occurred_at
                    from jsonb_to_recordset($1) as e(event_id uuid, user_id uuid, resource text, quantity bigint,
                        provider text, model text, tokens_in bigint, tokens_out bigint, cost_nanousd bigint,
                        outcome text, reference uuid, occurred_at timestamptz)
                    on conflict do nothing returning *)
                insert into usage_daily as d select user_id, occurred_at::date, resource, model, count(*),
                    sum(quantity), sum(tokens_in), sum(tokens_out), sum(cost_nanousd) from fresh group by 1, 2, 3, 4
                    order by 1, 2, 3, 4
                on conflict (user_id, day, resource, model) do update set requests = d.requests + excluded.requests,
                    quantity = d.quantity + excluded.quantity, tokens_in = d.tokens_in + excluded.tokens_in,
                    tokens_out = d.tokens_out + excluded.tokens_out,
                    cost_nanousd = d.cost_nanousd + excluded.cost_nanousd`,
                [JSON.stringify(rows)],
            );
            counted += rows.length;
            if (counted >= events) console.log('done');
        },
    });
    console.log('ready');
}

await (DO === 'fill' ? fill() : consume());
process.once('SIGTERM', () => process.exit(0));
