// Bad input of airi-ctl replay: records that are gone, that are no JSON or of an old version, a topic that
// is its own target, a state file that is in use or cannot be written.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { ctl, ctlOnFullDisk, send, startCtl } from '../support/js/ctl.mjs';
import { withFaults } from '../support/js/scenario.mjs';
import { readTopic, withAdmin } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withFaults({ partitions: 2 });

// No worker reads these.
const [topic, into] = ['moderation.decided.v1', 'moderation.decided.v1-dlt'];

const messages = (count, key, value = (n) => JSON.stringify({ n })) =>
    Array.from({ length: count }, (_, n) => ({
        key,
        value: value(n),
        headers: { ce_id: crypto.randomUUID(), ce_type: 'test' },
    }));
const countOf = async (system, name, key) =>
    (await readTopic(system, name)).filter((record) => String(record.key) === key).length;

test('a range that retention has deleted is refused, whether a time or a state file names it', async ({ system }) => {
    const gone = 'avatar.uploaded.v1'; // its worker does not run
    const state = path.join(system.dir, 'gone.json');
    await send(system, gone, messages(10, 'k'));
    const words = ['replay', '--topic', gone, '--into', into, '--state', state];
    assert.equal((await ctl(system, ...words)).code, 0);
    await send(system, gone, messages(10, 'k'));
    const held = await readTopic(system, gone);
    const { partition } = held[0];
    await withAdmin(system, async (admin) => {
        await admin.fetchTopicOffsets(gone); // the deletion itself does not look for the leader
        await admin.deleteTopicRecords({ topic: gone, partitions: [{ partition, offset: '15' }] });
    });
    const continued = await ctl(system, ...words);
    assert.equal(continued.code, 1);
    assert.match(continued.errors, /records of the range are gone: the topic's retention has deleted them\n/);
    const before = new Date(held[2].appended).toISOString();
    const old = await ctl(system, 'replay', '--topic', gone, '--to', before, '--dry-run');
    assert.equal(old.code, 1);
    assert.match(old.errors, /records of the range are gone/);
    const rest = await ctl(system, 'replay', '--topic', gone, '--from', '60d', '--dry-run');
    assert.deepEqual([rest.code, rest.text.split('\n')[0]], [0, '5 of 5 records match']);
});

test('a replay into its own topic ends with what the topic held when it began', async ({ system }) => {
    const key = crypto.randomUUID();
    await send(system, topic, messages(3000, key));
    for (const [replays, records] of [
        [1, 3000],
        [2, 6000],
    ]) {
        const done = await ctl(system, 'replay', '--topic', topic, '--into', topic, '--key', key);
        assert.equal(done.code, 0, done.errors);
        assert.match(done.text, new RegExp(`\n${records} sent, `), `replay ${replays}`);
    }
    assert.equal(await countOf(system, topic, key), 12_000);
});

test('values that are no JSON match no condition, and are replayed unchanged without one', async ({ system }) => {
    const key = crypto.randomUUID();
    const values = [
        Buffer.from([0xff, 0x00, 0xfe, 0x7b, 0x80]),
        Buffer.alloc(0),
        Buffer.from('{'),
        Buffer.from('null'),
        Buffer.from('[]'),
        Buffer.from('"a"'),
        Buffer.from('['.repeat(5000)),
        Buffer.from('{"a":{"b":"wanted"}}trailing'),
        Buffer.from('{"a":{"b":"wanted"}}'),
        Buffer.from('{"a":[{"b":"wanted"}]}'),
    ];
    await send(
        system,
        topic,
        messages(values.length, key, (n) => values[n]),
    );
    const replay = (...more) => ctl(system, 'replay', '--topic', topic, '--key', key, ...more);
    const found = await replay('--where', '/a/b=wanted', '--dry-run');
    assert.deepEqual([found.code, found.text.split(' ', 1)[0]], [0, '1'], found.errors);
    const all = await replay('--into', into);
    assert.match(all.text, /\n10 sent, /, all.errors);
    const copies = (await readTopic(system, into)).filter((record) => String(record.key) === key);
    assert.deepEqual(
        copies.map(({ value }) => (value ?? Buffer.alloc(0)).toString('hex')),
        values.map((value) => value.toString('hex')),
    );
});

test('a replayed record of an old version that lacks a member goes to the dead letters, which say so', async ({
    system,
}) => {
    const usage = 'usage.recorded.v1';
    const key = crypto.randomUUID();
    const old = JSON.stringify({ user_id: key, resource: 'pictures', quantity: 7 });
    await send(
        system,
        `${usage}-dlt`,
        messages(1, key, () => old),
    );
    const done = await ctl(system, 'replay', '--topic', `${usage}-dlt`, '--key', key);
    assert.match(done.text, /\n1 sent, /, done.errors);
    const letter = await eventually('it is given up', async () =>
        (await readTopic(system, `${usage}-dlt`)).find(
            (record) => String(record.key) === key && record.headers['kafka_dlt-exception-message'],
        ),
    );
    assert.equal(letter.value.toString(), old);
    assert.match(letter.headers['kafka_dlt-exception-message'], /^missing field$/);
});

test('of two replays with one state file the second is refused, until the first is dead', async ({ system }) => {
    const key = crypto.randomUUID();
    const state = path.join(system.dir, 'shared.json');
    await send(system, topic, messages(2000, key));
    const words = ['replay', '--topic', topic, '--key', key, '--into', into, '--state', state];
    const first = startCtl(system, ...words, '--rate', '100');
    await eventually('it has begun', () => existsSync(state));
    const second = await ctl(system, ...words);
    assert.deepEqual([second.code, second.text], [1, '']);
    assert.match(second.errors, /another replay uses the state file\n/);
    first.child.kill('SIGKILL');
    await first.ended;
    const third = await ctl(system, ...words);
    assert.equal(third.code, 0, third.errors);
    const copies = (await readTopic(system, into)).filter((record) => String(record.key) === key);
    assert.equal(new Set(copies.map(({ value }) => JSON.parse(value).n)).size, 2000, 'none is lost');
});

test('a state file on a full disk ends a replay before it sends, and keeps its place', async ({ system }) => {
    const key = crypto.randomUUID();
    const state = path.join(system.dir, 'full.json');
    const words = ['replay', '--topic', topic, '--key', key, '--into', into, '--state', state];
    await send(system, topic, messages(10, key));
    assert.equal((await ctl(system, ...words)).code, 0);
    const place = readFileSync(state, 'utf8');
    await send(system, topic, messages(10, key));
    const full = await ctlOnFullDisk(system, ...words);
    assert.deepEqual([full.code, full.text], [1, '']);
    assert.match(full.errors, /the state file cannot be written\n/);
    assert.equal(readFileSync(state, 'utf8'), place);
    assert.equal(await countOf(system, into, key), 10);
    const then = await ctl(system, ...words);
    assert.match(then.text, /\n10 sent, /, then.errors);
});
