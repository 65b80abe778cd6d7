// Unchanged Kafka clients read the topics as they come, with nothing added and with Kafka's locks on: kafkajs, kcat,
// librdkafka (confluent-kafka) and Java's.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import kafkajs from 'kafkajs';

import { check } from '../support/js/harness.mjs';
import { kafkaOptions, kcatFile } from '../support/js/system/access.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pythonWith } from './python.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const api = new Api(url);
const { user } = await api.signup(system, freshEmail('kafka'), 'a long enough password');
const conversation = (await api.call('POST', '/conversations', {})).data.id;
await api.call('POST', `/conversations/${conversation}/messages`, { content: 'Hello, 世界 🙂' });

// The topics, and whose key their events have.
const keys = new Map([
    ['chat.requested.v1', conversation],
    ['chat.screened.v1', conversation],
    ['chat.finished.v1', conversation],
    ['usage.recorded.v1', user.id],
    ['notification.requested.v1', user.id],
    ['email.requested.v1', user.id],
]);
const topics = [...keys.keys()];

// `records`: {topic, key, headers, value} as texts; those of this user's are checked.
function assertRead(records) {
    for (const [topic, key] of keys) {
        const own = records.filter((one) => one.topic === topic && one.value.includes(user.id));
        assert.ok(own.length > 0, `no event of the user in ${topic}`);
        for (const one of own) {
            const { headers } = one;
            assert.equal(one.key, key, topic);
            assert.equal(headers.ce_specversion, '1.0');
            assert.equal(headers.ce_type, topic);
            assert.match(headers.ce_id, /^[0-9a-f-]{36}$/);
            assert.match(headers.ce_source, /^\/airi\//);
            assert.ok(!Number.isNaN(Date.parse(headers.ce_time)), headers.ce_time);
            assert.equal(headers['content-type'], 'application/json');
            assert.equal(JSON.parse(one.value).user_id, user.id);
        }
    }
}

async function linesOf(program, args) {
    const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 256 << 20, timeout: 120_000 });
    return stdout.split('\n').filter(Boolean).map(JSON.parse);
}

// It reads gzip and, without plug-ins, no other codec.
async function readByKafkajs() {
    const kafka = new kafkajs.Kafka({ ...kafkaOptions(system), clientId: 'e2e', logLevel: kafkajs.logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `e2e-${crypto.randomUUID()}` });
    const records = [];
    await consumer.connect();
    try {
        await consumer.subscribe({ topics, fromBeginning: true });
        await consumer.run({
            eachMessage: async ({ topic, message }) => {
                const headers = Object.entries(message.headers).map(([name, text]) => [name, String(text)]);
                const [key, value] = [String(message.key), String(message.value)];
                records.push({ topic, key, headers: Object.fromEntries(headers), value });
            },
        });
        const has = (topic) => records.some((one) => one.topic === topic && one.value.includes(user.id));
        await eventually('an event of each topic', () => topics.every(has), { within: 60_000 });
    } finally {
        await consumer.disconnect();
    }
    return records;
}

async function readByKcat() {
    const options = ['-F', kcatFile(system), '-b', system.brokers, '-C', '-o', 'beginning', '-e', '-q', '-J'];
    const read = await Promise.all(topics.map((topic) => linesOf('kcat', [...options, '-t', topic])));
    return read.flat().map(({ topic, key, headers, payload }) => {
        const pairs = headers.map((name, i) => [name, headers[i + 1]]).filter((_, i) => i % 2 === 0);
        return { topic, key, headers: Object.fromEntries(pairs), value: payload };
    });
}

const arguments_ = () => [kcatFile(system), system.brokers, ...topics];

// The folder of the broker's jars, as deploy/lib/kafka.sh names it.
function jars() {
    const pom = readFileSync(path.join(root, 'deploy/kafka/pom.xml'));
    const digest = createHash('sha256').update(pom).digest('hex').slice(0, 8);
    const cache = path.join(process.env.AIRI_CACHE ?? path.join(root, '.airi/cache'), 'kafka');
    return path.join(
        cache,
        readdirSync(cache).find((name) => name.endsWith(`-${digest}`)),
        'jars',
    );
}

await check('every topic has its event before the clients read', () =>
    eventually(
        'the usage is recorded',
        async () =>
            (await system.rows("select from usage_log where user_id = $1 and resource = 'tokens'", [user.id])).length >
            0,
        { within: 60_000 },
    ),
);

await check('kafkajs reads every topic with its CloudEvents headers', async () => assertRead(await readByKafkajs()));

await check('kcat reads every topic with its CloudEvents headers', async () => assertRead(await readByKcat()));

await check('librdkafka reads every topic with its CloudEvents headers', async () => {
    const python = pythonWith('clients_requirements.txt');
    assertRead(await linesOf(python, [path.join(here, 'read_topics.py'), ...arguments_()]));
});

await check("Java's client reads every topic with its CloudEvents headers", async () => {
    const program = ['-cp', `${jars()}/*`, path.join(here, 'ReadTopics.java')];
    assertRead(await linesOf('java', [...program, ...arguments_()]));
});
