// airi-ctl: topics are listed, and get more partitions beside the running system.

import assert from 'node:assert/strict';

import { ctl, send } from '../support/js/ctl.mjs';
import { grouped } from '../support/js/grouped.mjs';
import { withFaults } from '../support/js/scenario.mjs';
import { quiet, readTopic } from '../support/js/system/checker.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withFaults({ partitions: 2 });

async function lineOf(system, topic) {
    const { code, text, errors } = await ctl(system, 'topics', 'list');
    assert.equal(code, 0, errors);
    const [, partitions, records, count, unit, oldest] = text
        .split('\n')
        .map((line) => line.trim().split(/ +/))
        .find(([name]) => name === topic);
    return { partitions: Number(partitions), records: Number(records), kept: `${count} ${unit}`, oldest };
}

const grow = (system, topic, partitions, ...more) =>
    ctl(system, 'topics', 'grow', '--topic', topic, '--partitions', String(partitions), ...more);

test('a topic that grows after a drain keeps the order of each key, with its consumers running', async (stage) => {
    const { system } = stage;
    const topic = 'chat.requested.v1';
    const clients = await stage.clientsOf(6);
    const conversations = await Promise.all(
        clients.map(async ({ user: { token } }) => {
            const made = await system.api('POST', '/conversations', { token, body: {} });
            return made.json.data.id;
        }),
    );
    const chat = () =>
        Promise.all(
            clients.map((client, i) =>
                client.sendAll(orders(5, { script: 'tokens=2', conversation: conversations[i] })),
            ),
        );
    await chat();
    await quiet(system);
    const before = await readTopic(system, topic);
    const listed = await lineOf(system, topic);
    assert.deepEqual([listed.partitions, listed.records, listed.kept], [2, before.length, '7 d']);
    const oldest = Math.min(...before.map(({ appended }) => appended));
    assert.equal(listed.oldest, new Date(oldest).toISOString().slice(0, 19));

    const dry = await grow(system, topic, 7, '--dry-run');
    assert.deepEqual([dry.code, dry.text], [0, `${topic}: 2 -> 7 partitions\nnothing was changed\n`], dry.errors);
    assert.equal((await lineOf(system, topic)).partitions, 2);
    const grown = await grow(system, topic, 7);
    assert.deepEqual([grown.code, grown.text], [0, `${topic}: 2 -> 7 partitions\n`], grown.errors);
    assert.equal((await lineOf(system, topic)).partitions, 7);

    await chat();
    await stage.check(); // the replies have the order of their questions
    const after = await readTopic(system, topic);
    assert.ok(
        after.some(({ partition }) => partition >= 2),
        'the new partitions are used',
    );
    const held = new Set(before.map(({ partition, offset }) => `${partition}/${offset}`));
    const later = after.filter(({ partition, offset }) => !held.has(`${partition}/${offset}`));
    assert.equal(later.length, 30);
    for (const records of grouped(later, ({ key }) => String(key)).values())
        assert.equal(new Set(records.map(({ partition }) => partition)).size, 1, 'a key has one partition');
    const fewer = await grow(system, topic, 7);
    assert.equal(fewer.code, 2);
    assert.match(fewer.errors, /chat\.requested\.v1 has 7 partitions, and cannot have fewer or as many/);
});

test('a topic does not grow while a group has records to read or records arrive', async ({ system }) => {
    const topic = 'usage.recorded.v1';
    const record = (n) => ({ key: `k${n}`, value: '{}', headers: { ce_id: crypto.randomUUID(), ce_type: topic } });
    await send(system, topic, [record(0)]);
    await eventually(
        'the worker gives the record up',
        async () => (await readTopic(system, `${topic}-dlt`)).length > 0,
    );
    await system.stop('usage-1');
    await send(system, topic, [record(1), record(2)]);
    const unread = await grow(system, topic, 5);
    assert.equal(unread.code, 2);
    assert.match(unread.errors, /the group "usage" has 2 records of usage\.recorded\.v1 to read/);
    assert.equal((await lineOf(system, topic)).partitions, 2);

    const busy = 'moderation.decided.v1'; // no worker consumes it
    const growing = grow(system, busy, 5);
    let running = true;
    growing.then(() => (running = false));
    for (let n = 0; running; ++n) await send(system, busy, [record(n)]);
    const { code, errors } = await growing;
    assert.equal(code, 2);
    assert.match(errors, /\d+ records arrived within 2 s: stop what publishes them/);
    assert.equal((await lineOf(system, busy)).partitions, 2);
    const unknown = await grow(system, 'no.such.topic', 5);
    assert.equal(unknown.code, 1);
    assert.match(unknown.errors, /the topic does not exist/);
});
