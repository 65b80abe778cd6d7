// Records of a topic with kafkajs.
//   DO=fill    publishes EVENTS usage events of PEOPLE users
//   DO=filter  reads them, and counts those whose user is USER
//   DO=send    reads them, and publishes each with its key, value and headers into INTO, a request for each batch
// Prints a line when it is ready; `fill` one when it is done, the others {"ms", "matched"} from the first record on.
import { randomUUID } from 'node:crypto';
import { Partitioners } from 'kafkajs';

import { kafka } from './producer.mjs';
import { usageEvent } from './usage_event.mjs';

const { DO, TOPIC, INTO, USER, PEOPLE } = process.env;
const events = Number(process.env.EVENTS);

const message = (i, people) => usageEvent(people[i % people.length], {}, i % 100 === 0 ? 'rare' : undefined);

const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });

async function fill() {
    await producer.connect();
    const people = PEOPLE.split(',');
    console.log('ready');
    for (let sent = 0; sent < events; sent += 5000)
        await producer.send({
            topic: TOPIC,
            messages: Array.from({ length: Math.min(5000, events - sent) }, (_, i) => message(sent + i, people)),
        });
    await producer.disconnect();
    console.log('done');
}

async function read() {
    const consumer = kafka.consumer({ groupId: `peer-${randomUUID()}` });
    await Promise.all([consumer.connect(), DO === 'send' && producer.connect()]);
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    let [seen, matched, begun] = [0, 0, 0];
    console.log('ready');
    await consumer.run({
        partitionsConsumedConcurrently: 4,
        autoCommit: false,
        eachBatch: async ({ batch: { messages } }) => {
            begun ||= performance.now();
            if (DO === 'send') await producer.send({ topic: INTO, messages });
            else matched += messages.filter(({ value }) => JSON.parse(value).user_id === USER).length;
            seen += messages.length;
            if (seen >= events) console.log(JSON.stringify({ ms: performance.now() - begun, matched }));
        },
    });
}

await (DO === 'fill' ? fill() : read());
process.once('SIGTERM', () => process.exit(0));
