// Sealed objects of an archive after rotations of ENCRYPTION_KEY: sealed anew, whatever dies meanwhile.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Archive } from '../support/js/archive.mjs';
import { outcome, send } from '../support/js/ctl.mjs';
import { print, withFaults } from '../support/js/scenario.mjs';
import { readTopic } from '../support/js/system/checker.mjs';

// None of these workers runs, so the tests' records are nobody's work.
const idle = { moderation: 0, chat: 0, usage: 0, email: 0, outbox: 0 };
const test = withFaults({ partitions: 3, gateways: 1, ...idle });
const topic = 'webhook.received.v1';
const manifests = 30;

const records = (mark, round) =>
    Array.from({ length: 20 }, (_, n) => ({ key: `k${n}`, value: `${mark} ${round} ${n}`, headers: { mark } }));
const sealedObjects = (archive) => archive.files(topic).filter((name) => name.endsWith('.sealed'));
const editions = (archive) => archive.files(topic).filter((name) => name.endsWith('.resealed.json'));
// The keys of the objects, by the marks with which they begin.
const allMarks = (archive) =>
    sealedObjects(archive).map((name) => readFileSync(path.join(archive.dir, name), 'latin1').slice(0, 8));
const marks = (archive) => [...new Set(allMarks(archive))];

async function filled(system, mark) {
    const archive = new Archive(system);
    for (let round = 0; round < manifests; ++round) {
        await send(system, topic, records(mark, round));
        const run = await archive.ctl(['archive', 'run', '--topic', topic]);
        assert.equal(run.code, 0, run.errors);
    }
    return archive;
}

async function verified(archive, env) {
    const done = await archive.ctl(['archive', 'verify', '--topic', topic], { env });
    assert.equal(done.code, 0, done.text + done.errors);
    assert.doesNotMatch(done.text, /are not opened/);
    return Number(done.text.match(/(\d+) records, 0 faults/)[1]);
}

// Kills the command at a random time, again and again, and lets the last one end. After each death: how many objects
// there are of the old key.
async function resealed(archive, env, verify) {
    const seen = [];
    const [old] = marks(archive);
    for (let death = 0; death < 12; ++death) {
        const running = archive.start(['archive', 'reseal', '--topic', topic], { env });
        const before = new Set(archive.files(topic));
        const target = 1 + Math.floor(Math.random() * 4);
        const fresh = () => archive.files(topic).filter((name) => !before.has(name)).length;
        let ended = false;
        running.ended.then(() => (ended = true));
        while (!ended && fresh() < target) await new Promise((done) => setImmediate(done));
        running.child.kill('SIGKILL');
        await running.ended;
        seen.push(allMarks(archive).filter((mark) => mark === old).length);
        await verify();
    }
    const last = await outcome(archive.start(['archive', 'reseal', '--topic', topic], { env }));
    assert.equal(last.code, 0, last.text + last.errors);
    return seen;
}

test('objects are sealed anew under the current key, and none is lost by a death', async ({ system }) => {
    const mark = crypto.randomUUID();
    const archive = await filled(system, mark);
    const stored = archive.manifests(topic);
    const [old] = marks(archive);
    const count = await verified(archive);
    let previous = system.encryptionKey;
    for (const rotation of [1, 2]) {
        const env = { ENCRYPTION_KEY: system.secret(), ENCRYPTION_KEY_PREVIOUS: previous };
        const seen = await resealed(archive, env, async () => assert.equal(await verified(archive, env), count));
        print(`rotation ${rotation}: objects of the old key after each death: ${seen.join(' ')}`);
        assert.ok(new Set(seen).size > 2, 'deaths on the way');
        previous = env.ENCRYPTION_KEY;
        assert.equal(await verified(archive, { ENCRYPTION_KEY: previous, ENCRYPTION_KEY_PREVIOUS: '' }), count);
        assert.equal(editions(archive).length, manifests);
        const [present, ...others] = marks(archive);
        assert.deepEqual([others, present === old], [[], false], 'no object of an older key is left');
    }
    assert.deepEqual(archive.manifests(topic), stored, 'the manifests are as they were');
    const current = { ENCRYPTION_KEY: previous };
    const again = await archive.ctl(['archive', 'reseal', '--topic', topic], { env: current });
    assert.match(again.text, /\n0 objects sealed anew, 0 faults\n$/);

    await send(system, topic, records(mark, manifests));
    assert.equal((await archive.ctl(['archive', 'run', '--topic', topic], { env: current })).code, 0);
    const into = `${topic}-retry`;
    const words = ['replay', '--from-archive', '--topic', topic, '--into', into];
    assert.equal((await archive.ctl(words, { env: current })).code, 0);
    const replayed = (await readTopic(system, into)).filter(({ headers }) => headers.mark === mark);
    const sent = Array.from({ length: manifests + 1 }, (_, round) => records(mark, round)).flat();
    assert.deepEqual(replayed.map(({ value }) => String(value)).sort(), sent.map(({ value }) => value).sort());
    for (const key of [system.encryptionKey, '']) {
        const denied = await archive.ctl([...words, '--dry-run'], { env: { ENCRYPTION_KEY: key } });
        assert.equal(denied.code, 1);
        assert.match(denied.errors, /sealed under an ENCRYPTION_KEY that was not given/);
    }
});

test('a wrong key, no key and a damaged edition are named, and nothing is changed', async ({ system }) => {
    const archive = new Archive(system);
    await send(system, topic, records('x', 0));
    assert.equal((await archive.ctl(['archive', 'run', '--topic', topic])).code, 0);
    const before = archive.files();
    const reseal = (env) => archive.ctl(['archive', 'reseal', '--topic', topic], { env });
    const wrong = await reseal({ ENCRYPTION_KEY: system.secret() });
    assert.equal(wrong.code, 1);
    assert.match(wrong.errors, /sealed under an ENCRYPTION_KEY that was not given/);
    const without = await reseal({ ENCRYPTION_KEY: '' });
    assert.deepEqual([without.code, without.errors], [2, 'airi-ctl: ENCRYPTION_KEY is not set\n']);
    assert.deepEqual(archive.files(), before);

    const env = { ENCRYPTION_KEY: system.secret(), ENCRYPTION_KEY_PREVIOUS: system.encryptionKey };
    assert.equal((await reseal(env)).code, 0);
    const file = path.join(archive.dir, topic, path.relative(topic, editions(archive)[0]));
    writeFileSync(file, readFileSync(file, 'utf8').replace('"size":', '"size":1'));
    const found = await archive.ctl(['archive', 'verify', '--topic', topic], { env });
    assert.equal(found.code, 1);
    assert.match(found.text, /manifests\/0{12}\.json: damaged/);
});
