// Unreadable records go to the dead letters unchanged; the records after them are processed.

import assert from 'node:assert/strict';

import { readTopic } from '../support/js/system/checker.mjs';
import { withProducer } from '../support/js/system/access.mjs';
import { orders } from '../support/js/system/client.mjs';
import { withFaults } from '../support/js/scenario.mjs';

const scenario = withFaults({ partitions: 2 });

const poison = [
    Buffer.from([0xff, 0x00, 0xfe, 0x7b, 0x80]),
    Buffer.alloc(0),
    Buffer.from('{'),
    Buffer.from('null'),
    Buffer.from('[]'),
    Buffer.from('{}'),
    Buffer.from('{"generation_id":"x"}'),
    Buffer.from('['.repeat(5000)),
    Buffer.from(JSON.stringify({ conversation_id: 1, user_id: [], message_id: {} })),
];

async function poisoned(stage, topic, group) {
    const { system } = stage;
    const clients = await stage.clientsOf(3);
    await Promise.all(clients.map((c) => c.sendAll(orders(5, { script: 'tokens=8' }))));
    const placed = [];
    await withProducer(system, async (producer) => {
        for (const [i, value] of poison.entries())
            for (const partition of [0, 1]) {
                const headers = i % 2 ? { ce_id: crypto.randomUUID(), mine: 'kept' } : {};
                const [{ baseOffset }] = await producer.send({
                    topic,
                    messages: [{ partition, key: i % 3 ? `k${i}` : null, value, headers }],
                });
                placed.push({ partition, offset: baseOffset, value, headers, key: i % 3 ? `k${i}` : null });
            }
    });
    await Promise.all(clients.map((c) => c.sendAll(orders(5, { script: 'tokens=8' }))));
    dead[topic] = placed.length;
    assert.equal(await stage.check({ dead }), 30);
    const letters = await readTopic(system, `${topic}-dlt`);
    for (const one of placed) {
        const letter = letters.find(
            (l) =>
                l.headers['kafka_dlt-original-partition'] === String(one.partition) &&
                l.headers['kafka_dlt-original-offset'] === one.offset,
        );
        assert.ok(letter, `the dead letter of ${one.partition}/${one.offset}`);
        assert.ok(one.value.equals(letter.value ?? Buffer.alloc(0)), 'its bytes are the original ones');
        assert.equal(letter.key?.toString() ?? null, one.key);
        for (const [name, value] of Object.entries(one.headers)) assert.equal(letter.headers[name], value);
        assert.equal(letter.headers['kafka_dlt-original-topic'], topic);
        assert.equal(letter.headers['kafka_dlt-original-consumer-group'], group);
        assert.ok(letter.headers['kafka_dlt-exception-message'].length > 0);
        assert.ok(Number(letter.headers['kafka_dlt-original-timestamp']) > 0);
    }
}

const dead = {};
scenario('unreadable records in chat.requested.v1 go to the dead letters', (stage) =>
    poisoned(stage, 'chat.requested.v1', 'moderation'),
);
scenario('unreadable records in chat.screened.v1 go to the dead letters', (stage) =>
    poisoned(stage, 'chat.screened.v1', 'chat'),
);
scenario('unreadable records in usage.recorded.v1 go to the dead letters', (stage) =>
    poisoned(stage, 'usage.recorded.v1', 'usage'),
);
