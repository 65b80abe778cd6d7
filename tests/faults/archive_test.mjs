// The archive of topics by airi-ctl: complete, verified, sealed, and whole again after each way to break it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Archive, someBytes } from '../support/js/archive.mjs';
import { onFullDisk, send } from '../support/js/ctl.mjs';
import { afterFile } from '../support/js/harness.mjs';
import { print, withFaults } from '../support/js/scenario.mjs';
import { readTopic, withAdmin } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';

// None of these workers runs, so the tests' records are nobody's work.
const idle = { moderation: 0, chat: 0, usage: 0, email: 0, outbox: 0 };
const test = withFaults({ partitions: 3, gateways: 1, ...idle });
const open = 'avatar.uploaded.v1'; // a topic that is not sealed
const sealed = 'webhook.received.v1';

// Records of every kind of bytes, which `mark` finds again.
const records = (mark, count, size = 20) =>
    Array.from({ length: count }, (_, n) => ({
        key: n % 7 === 0 ? someBytes(8) : `k${n}`,
        value: n % 5 === 0 ? Buffer.concat([Buffer.from(`${mark} ${n} `), someBytes(size)]) : `${mark} ${n} "ä\n`,
        headers: { ce_id: crypto.randomUUID(), ce_type: open, odd: someBytes(5), mark },
    }));

const text = ({ key, value, headers }) =>
    JSON.stringify([Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex'), headers.ce_id]);
const texts = (all) => all.map(text).sort();
const numberOf = ({ value }) => Number(value.toString('latin1').split(' ')[1]);

// The records of a mark in the target of a replay.
async function replayed(system, archive, topic, mark, into, options) {
    const done = await archive.ctl(['replay', '--from-archive', '--topic', topic, '--into', into], options);
    assert.equal(done.code, 0, done.errors);
    return (await readTopic(system, into)).filter(({ headers }) => headers.mark === mark);
}

async function verified(archive, topic, pattern = / 0 faults\n$/) {
    const done = await archive.ctl(['archive', 'verify', '--topic', topic]);
    assert.equal(done.code, 0, done.text + done.errors);
    assert.match(done.text, pattern);
    return Number(done.text.match(/(\d+) records, 0 faults/)[1]);
}

async function run(archive, topic, options) {
    const done = await archive.ctl(['archive', 'run', '--topic', topic], options);
    assert.equal(done.code, 0, done.errors);
    return Number(done.text.match(/(\d+) records archived\n$/)[1]);
}

test('the archive has each record, and a replay from it sends the same bytes', async ({ system }) => {
    const archive = new Archive(system);
    for (const [topic, into] of [
        [open, 'avatar.uploaded.v1-dlt'],
        [sealed, 'webhook.received.v1-retry'],
    ]) {
        const mark = crypto.randomUUID();
        const sent = records(mark, 500);
        await send(system, topic, sent.slice(0, 300));
        assert.equal(await run(archive, topic), 300);
        assert.equal(await run(archive, topic), 0, 'nothing twice');
        await send(system, topic, sent.slice(300));
        assert.equal(await run(archive, topic), 200);
        assert.equal(await verified(archive, topic), 500);
        const again = await replayed(system, archive, topic, mark, into);
        assert.deepEqual(texts(again), texts(sent));
        const originals = await readTopic(system, topic);
        for (const one of again.slice(0, 20)) {
            const { headers } = originals.find((other) => other.headers.ce_id === one.headers.ce_id);
            const { 'x-replay-id': id, 'x-replay-count': count, ...rest } = one.headers;
            assert.deepEqual([rest, count], [headers, '1']);
            assert.match(id, /^[0-9a-f-]{36}$/);
        }
        // The order of each partition.
        const part = originals.filter(({ partition }) => partition === 0).map(numberOf);
        assert.deepEqual(
            part,
            part.toSorted((a, b) => a - b),
        );
        const hour = new Date(originals[0].appended).toISOString().slice(0, 13).replace(/[-T]/g, '/');
        assert.ok(archive.files(topic).some((name) => name.startsWith(`${topic}/${hour}/`)));
    }
    const everything = await archive.ctl(['archive', 'run']);
    assert.equal(everything.code, 0, everything.errors);
    const listed = await archive.ctl(['archive', 'list']);
    assert.match(listed.text, /webhook\.received\.v1 +2 +\d+ +500 /);
    assert.match(listed.text, /webhook\.received\.v1-retry +1 +\d+ +500 /);
    const past = ['replay', '--from-archive', '--topic', open, '--dry-run'];
    assert.match((await archive.ctl([...past, '--from', '1h'])).text, /^500 of 500 records match/);
    assert.match((await archive.ctl([...past, '--from', '1h', '--key', 'k1'])).text, /^1 of 500 records match/);
    const beyond = new Date(Date.now() + 60_000).toISOString();
    assert.match((await archive.ctl([...past, '--from', beyond])).text, /^0 of 0 records match/);
});

test('sealed objects open with the key, or the one before it, and not without', async ({ system }) => {
    const archive = new Archive(system);
    const mark = crypto.randomUUID();
    const before = (await readTopic(system, sealed)).length;
    await send(system, sealed, records(mark, 100));
    await run(archive, sealed);
    const [object] = archive.files(sealed).filter((name) => name.endsWith('.sealed'));
    assert.ok(!archive.files(sealed).some((name) => name.endsWith('.zst')));
    assert.match(readFileSync(path.join(archive.dir, object), 'latin1'), /^[0-9a-f]{8}\.[A-Za-z0-9_-]+$/);
    assert.equal(statSync(path.join(archive.dir, object)).mode & 0o077, 0);
    const words = ['replay', '--from-archive', '--topic', sealed, '--dry-run'];
    for (const key of ['', system.secret()]) {
        const denied = await archive.ctl(words, { env: { ENCRYPTION_KEY: key } });
        assert.equal(denied.code, 1);
        assert.match(denied.errors, /sealed under an ENCRYPTION_KEY that was not given/);
    }
    const rotated = { ENCRYPTION_KEY: system.secret(), ENCRYPTION_KEY_PREVIOUS: system.encryptionKey };
    const opened = await archive.ctl(words, { env: rotated });
    assert.match(opened.text, new RegExp(`^${before + 100} of ${before + 100} records match`));
    const digests = await archive.ctl(['archive', 'verify', '--topic', sealed], { env: { ENCRYPTION_KEY: '' } });
    assert.match(digests.text, /\d+ sealed objects: their digests are right/);
    const unsealed = await archive.ctl(['archive', 'run', '--topic', sealed], { env: { ENCRYPTION_KEY: '' } });
    assert.equal(unsealed.code, 0, 'nothing is new');
    await send(system, sealed, records(mark, 1));
    const refused = await archive.ctl(['archive', 'run', '--topic', sealed], { env: { ENCRYPTION_KEY: '' } });
    assert.equal(refused.code, 1, 'nothing is archived in clear');
    assert.equal(await verified(archive, sealed), before + 100);
});

test('a full disk is named, leaves nothing half done, and the next run goes on', async ({ system }) => {
    const archive = new Archive(system);
    await run(archive, open);
    const mark = crypto.randomUUID();
    const before = archive.files();
    await send(system, open, records(mark, 500, 2_000));
    const full = await archive.ctl(['archive', 'run', '--topic', open], { prefix: onFullDisk(64) });
    assert.equal(full.code, 1);
    assert.match(full.errors, /avatar\.uploaded\.v1: the storage is full/);
    assert.deepEqual(archive.files(), before);
    assert.equal(await run(archive, open), 500);
    await verified(archive, open);
});

test('a damaged, missing or exchanged object is named, and nothing of it is replayed', async ({ system }) => {
    const archive = new Archive(system);
    const mark = crypto.randomUUID();
    await send(system, open, records(mark, 50));
    await run(archive, open);
    await send(system, open, records(mark, 50));
    await run(archive, open);
    await send(system, open, records(mark, 50));
    await run(archive, open);
    const objects = archive.files(open).filter((name) => name.endsWith('.zst'));
    const manifests = archive.files(open).filter((name) => name.includes('/manifests/'));
    const [first, second] = [objects[0], objects[1]].map((name) => path.join(archive.dir, name));
    const bytes = readFileSync(first);
    const named = async (name, why) => {
        const found = await archive.ctl(['archive', 'verify', '--topic', open]);
        assert.equal(found.code, 1, why);
        assert.ok(found.text.includes(`${name}: `), `${why}: ${found.text}`);
        const replay = await archive.ctl(['replay', '--from-archive', '--topic', open, '--dry-run']);
        assert.equal(replay.code, 1, why);
        assert.match(replay.errors, /the archive is damaged/);
        assert.ok(replay.errors.includes(name), why);
    };
    for (const at of [0, 8, bytes.length >> 1, bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[at] ^= 1;
        writeFileSync(first, changed);
        await named(objects[0], `byte ${at}`);
    }
    writeFileSync(first, bytes.subarray(0, bytes.length - 1));
    await named(objects[0], 'cut');
    writeFileSync(first, readFileSync(second));
    await named(objects[0], 'exchanged');
    rmSync(first);
    await named(objects[0], 'missing');
    writeFileSync(first, bytes);
    await verified(archive, open);
    const middle = path.join(archive.dir, manifests[1]);
    const manifest = readFileSync(middle, 'utf8');
    writeFileSync(middle, manifest.replace('"records":', '"records":1'));
    await named(manifests[1], 'a changed manifest');
    rmSync(middle);
    await named(manifests[1], 'a missing manifest');
    writeFileSync(middle, manifest);
    await verified(archive, open);
    const last = path.join(archive.dir, manifests.at(-1));
    rmSync(last);
    await named(manifests.at(-1), 'a removed last manifest');
    assert.equal(await run(archive, open), 50, 'what the broker still has is archived again');
    await verified(archive, open);
    writeFileSync(last, readFileSync(last, 'utf8').slice(0, -10));
    const refused = await archive.ctl(['archive', 'run', '--topic', open]);
    assert.equal(refused.code, 1, 'nothing is added behind a damaged end');
    assert.match(refused.errors, /the archive is damaged/);
});

test('an archiver that is killed again and again archives each record once', async ({ system }) => {
    const archive = new Archive(system);
    const topic = 'payment.requested.v1';
    const mark = crypto.randomUUID();
    const count = 40_000;
    const value = (n) => `${mark} ${n} ${someBytes(1_100).toString('hex')}`;
    for (let at = 0; at < count; at += 4_000) {
        const some = Array.from({ length: 4_000 }, (_, i) => at + i);
        await send(
            system,
            topic,
            some.map((n) => ({ key: `k${n}`, value: value(n), headers: { mark } })),
            400,
        );
    }
    const whole = new Archive(system);
    let peak = 0;
    const began = Date.now();
    const measured = whole.start(['archive', 'run', '--topic', topic]);
    const watch = setInterval(() => {
        const status = readFileSync(`/proc/${measured.child.pid}/status`, 'utf8');
        peak = Math.max(peak, Number(status.match(/VmHWM:\s+(\d+)/)?.[1] ?? 0) / 1024);
    }, 20);
    assert.equal(await measured.ended.finally(() => clearInterval(watch)), 0, measured.errors);
    const took = Date.now() - began;
    const megabytes = (count * 2_300) / 1e6;
    print(`${megabytes.toFixed(0)} MB in ${took} ms, at most ${peak.toFixed(0)} MB of memory`);
    if (!process.env.ASAN_OPTIONS) assert.ok(peak < 400, `${peak} MB`);

    let deaths = 0;
    for (;;) {
        const running = archive.start(['archive', 'run', '--topic', topic]);
        const limit = setTimeout(() => running.child.kill('SIGKILL'), Math.random() * 0.3 * took * (1 + deaths / 5));
        const code = await running.ended;
        clearTimeout(limit);
        if (code === 0) break;
        assert.equal(running.child.signalCode, 'SIGKILL', running.errors);
        deaths += 1;
    }
    assert.ok(deaths > 1);
    assert.equal(await verified(archive, topic), count);
    const reached = new Map();
    let parts = 0;
    for (const { objects } of archive.manifests(topic))
        for (const { partitions } of objects)
            for (const [partition, [from, to, records]] of Object.entries(partitions)) {
                assert.equal(from, reached.get(partition) ?? 0, 'without a gap');
                assert.equal(records, to - from + 1);
                reached.set(partition, to + 1);
                parts += 1;
            }
    assert.equal(
        [...reached.values()].reduce((a, b) => a + b),
        count,
    );
    print(`${count} records in ${parts} parts after ${deaths} deaths`);
    const again = await replayed(system, archive, topic, mark, 'payment.requested.v1-retry');
    assert.deepEqual(new Set(again.map(numberOf)).size, count);
    assert.equal(again.length, count);
});

test('a replay from the archive that is killed again and again sends each record', async ({ system }) => {
    const archive = new Archive(system);
    const topic = 'chat.finished.v1';
    const mark = crypto.randomUUID();
    const count = 10_000;
    await send(system, topic, records(mark, count));
    await run(archive, topic);
    const into = `${topic}-dlt`;
    const state = path.join(archive.dir, 'state.json');
    const words = ['replay', '--from-archive', '--topic', topic, '--into', into, '--state', state, '--rate', '20000'];
    let deaths = 0;
    for (;;) {
        const running = archive.start(words);
        const limit = setTimeout(() => running.child.kill('SIGKILL'), Math.random() * 200 * (1 + deaths / 5));
        const code = await running.ended;
        clearTimeout(limit);
        if (code === 0) break;
        assert.equal(running.child.signalCode, 'SIGKILL', running.errors);
        deaths += 1;
    }
    const sent = (await readTopic(system, into)).filter(({ headers }) => headers.mark === mark);
    assert.equal(new Set(sent.map(numberOf)).size, count, 'none is lost');
    assert.ok(sent.length <= count + 1_000 * deaths, `${sent.length} records`);
    assert.ok(deaths > 0);
    print(`${sent.length} records for ${count} after ${deaths} deaths`);
});

test('of two archivers of a topic one stores each part', async ({ system }) => {
    const archive = new Archive(system);
    const topic = 'identity.requested.v1';
    await send(system, topic, records(crypto.randomUUID(), 2_000, 500));
    let refusals = 0;
    for (let round = 0; round < 5; round++) {
        await send(system, topic, records(crypto.randomUUID(), 100));
        const both = [
            archive.start(['archive', 'run', '--topic', topic]),
            archive.start(['archive', 'run', '--topic', topic]),
        ];
        for (const one of both) {
            if ((await one.ended) === 0) continue;
            assert.match(one.errors, /another archiver writes this topic/);
            refusals += 1;
        }
    }
    await run(archive, topic);
    assert.equal(await verified(archive, topic), 2_500);
    print(`${refusals} of 10 were refused`);
});

test('an S3 server that checks signatures has the same archive', async ({ system }) => {
    const serve = fileURLToPath(new URL('../support/versitygw/serve.sh', import.meta.url));
    const dir = mkdtempSync(path.join(os.tmpdir(), 'airi-s3-'));
    const server = (verb) => execFileSync(serve, [verb, dir], { encoding: 'utf8' }).trim();
    const endpoint = server('start');
    afterFile(() => {
        server('stop');
        rmSync(dir, { recursive: true });
    });
    const archive = new Archive(system, {
        ARCHIVE_URL: 's3://archive/of/airi',
        ARCHIVE_S3_ENDPOINT: endpoint,
        ARCHIVE_S3_ACCESS_KEY: 'airi',
        ARCHIVE_S3_SECRET_KEY: readFileSync(path.join(dir, 'secret'), 'utf8'),
    });
    const mark = crypto.randomUUID();
    const topic = 'export.requested.v1';
    const sent = records(mark, 300, 300);
    await send(system, topic, sent);
    const wrong = await archive.ctl(['archive', 'run', '--topic', topic], { env: { ARCHIVE_S3_SECRET_KEY: 'x' } });
    assert.equal(wrong.code, 1);
    assert.match(wrong.errors, /SignatureDoesNotMatch/);
    assert.match(wrong.errors, /the storage denies the request: credentials, rights or bucket/);
    assert.equal(await run(archive, topic), 300);
    assert.equal(await verified(archive, topic), 300);
    assert.deepEqual(texts(await replayed(system, archive, topic, mark, `${topic}-retry`)), texts(sent));
    server('stop');
    const away = await archive.ctl(['archive', 'verify', '--topic', topic]);
    assert.equal(away.code, 1);
    assert.match(away.errors, /the storage is unavailable/);
    server('start');
    const data = path.join(dir, 'data/archive/of/airi', topic);
    const object = execFileSync('find', [data, '-name', '*.sealed'], { encoding: 'utf8' }).trim().split('\n')[0];
    const bytes = readFileSync(object);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(object, bytes);
    const damaged = await archive.ctl(['archive', 'verify', '--topic', topic]);
    assert.equal(damaged.code, 1);
    assert.ok(damaged.text.includes(path.basename(object)));
});

test('a topic that was deleted and created again is not archived behind the old one', async ({ system }) => {
    const archive = new Archive(system);
    const topic = `of-${crypto.randomUUID()}`;
    const create = () =>
        withAdmin(system, (admin) =>
            admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true }),
        );
    await create();
    await send(system, topic, records('x', 20));
    assert.equal(await run(archive, topic), 20);
    await withAdmin(system, (admin) => admin.deleteTopics({ topics: [topic] }));
    await eventually('it is deleted', async () => {
        const { errors } = await archive.ctl(['archive', 'run', '--topic', topic]);
        return errors.includes('the topic does not exist');
    });
    await create();
    await send(system, topic, records('x', 5));
    const other = await archive.ctl(['archive', 'run', '--topic', topic]);
    assert.equal(other.code, 1);
    assert.match(other.errors, /the topic holds less than the archive has of it/);
    assert.equal(await verified(archive, topic), 20);
});

test('airi-ctl names a missing ARCHIVE_URL, a topic that is not archived, and a wrong place', async ({ system }) => {
    const archive = new Archive(system);
    for (const [words, env, code, message] of [
        [['archive', 'run'], { ARCHIVE_URL: '' }, 2, /ARCHIVE_URL is not set/],
        [['replay', '--from-archive', '--topic', open], { ARCHIVE_URL: '' }, 2, /ARCHIVE_URL is not set/],
        [['archive', 'run'], { ARCHIVE_URL: 'ftp://x' }, 2, /ARCHIVE_URL must be file/],
        [['replay', '--from-archive', '--topic', open], {}, 1, /topic does not exist/],
        [['archive', 'run', '--topic', 'no.such.topic'], {}, 1, /no\.such\.topic: the topic does not exist/],
        [['archive', 'drop'], {}, 2, /no command is named "archive drop"/],
    ]) {
        const done = await archive.ctl(words, { env });
        assert.equal(done.code, code, `${words.join(' ')}: ${done.errors}`);
        assert.match(done.errors, message);
    }
});
