// Replays of a topic that no worker reads: a filter on the value, a filter on a header, and all records published into
// another topic, by airi-ctl, by kcat with grep, which loses the headers, and by kafkajs. The whole run of a program is
// measured, of kafkajs the time from its first record on, and the memory of airi-ctl.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { median, rounds, withPeer } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';
import { run } from '../lib/system.mjs';

const records = 400_000;
const topic = 'moderation.decided.v1';
const into = `${topic}-retry`;

const people = readFileSync(settings.people, 'utf8')
    .split('\n', 100)
    .map((line) => line.split(' ', 1)[0]);
const user = people[7];

// The largest memory of a process so far, in MB.
function memoryOf(pid) {
    try {
        return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
    } catch {
        return 0;
    }
}

// Runs a program to its end: its output, records a second, and its memory after half of the time and at the end.
async function timed(program, words) {
    const begun = performance.now();
    const child = spawn(program, words, {
        env: { PATH: process.env.PATH, DATABASE_URL: settings.postgres, ...settings.kafka },
        stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    const memory = [];
    const watch = setInterval(() => memory.push(memoryOf(child.pid)), 25);
    child.stdout.on('data', (data) => (text += data));
    const status = await new Promise((done) => child.once('close', done));
    clearInterval(watch);
    if (status !== 0) throw new Error(`${program} ${words.join(' ')}: status ${status}`);
    const seen = memory.filter((mb) => mb > 0);
    return {
        text,
        per_second: (records / (performance.now() - begun)) * 1000,
        half: seen[seen.length >> 1] ?? 0,
        peak: Math.max(...seen),
    };
}

function expect(count, wanted, who) {
    if (count !== wanted) throw new Error(`${who}: ${count} records instead of ${wanted}`);
}

const byAiri =
    (wanted, ...words) =>
    async () => {
        const { text, ...figures } = await timed(`${settings.bin}/airi-ctl`, ['replay', '--topic', topic, ...words]);
        expect(Number(text.split(' ', 1)[0]), wanted, 'airi-ctl');
        return figures;
    };

const kcat = () => {
    const { KAFKA_BROKERS: brokers, KAFKA_USERNAME: name, KAFKA_PASSWORD: password } = settings.kafka;
    const set = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'PLAIN', 'sasl.username': name };
    const access = name ? Object.entries({ ...set, 'sasl.password': password }) : [];
    return ['kcat', '-b', brokers, ...access.flatMap(([key, value]) => ['-X', `${key}=${value}`])].join(' ');
};
const reads = () => `${kcat()} -C -e -q -t ${topic} -o beginning`;

const byKcat = (wanted, command) => async () => {
    const { text, per_second } = await timed('bash', ['-c', `set -o pipefail; ${command}`]);
    if (wanted) expect(Number(text), wanted, 'kcat');
    return { per_second };
};

const byKafkajs = (wanted, environment) => () =>
    withPeer('replay', { TOPIC: topic, EVENTS: String(records), ...environment }, async ({ line }) => {
        const { ms, matched } = JSON.parse(await line());
        if (wanted) expect(matched, wanted, 'kafkajs');
        return { per_second: (records / ms) * 1000 };
    });

// The rows of one kind of replay: airi, kcat, kafkajs, and the ratios.
async function compare(what, target, contenders) {
    const got = await rounds(contenders.map(([who, measure]) => [`${what}, ${who}`, measure]));
    const rows = [...got].map(([name, all]) => ({
        what: name,
        value: median(all.map((one) => one.per_second)),
        unit: '/s',
        all,
    }));
    const [airi, ...others] = rows;
    const memory = (name) => `${Math.round(Math.max(...airi.all.map((one) => one[name])))} MB`;
    Object.assign(airi, {
        target: `>= ${target}`,
        ok: airi.value >= target,
        note: `memory ${memory('half')} half way, ${memory('peak')} at most`,
    });
    const ratios = others.map((one) => ({
        what: one.what.replace(', ', ', airi : '),
        value: airi.value / one.value,
    }));
    return [...rows, ...ratios].map(({ all: _, ...row }) => row);
}

export async function measure() {
    run('scale', 'moderation=0', 'chat=0', 'usage=0');
    await withPeer(
        'replay',
        { DO: 'fill', TOPIC: topic, EVENTS: String(records), PEOPLE: people.join(',') },
        ({ line }) => line(),
    );
    const mine = records / people.length;
    const rows = [
        ...(await compare('records filtered by a member', 200_000, [
            ['airi-ctl', byAiri(mine, '--dry-run', '--where', `/user_id=${user}`)],
            ['kcat and grep', byKcat(mine, `${reads()} -f '%s\\n' | grep -cF '"user_id":"${user}"'`)],
            ['kafkajs', byKafkajs(mine, { DO: 'filter', USER: user })],
        ])),
        ...(await compare('records filtered by a header', 200_000, [
            ['airi-ctl', byAiri(records / 100, '--dry-run', '--type', 'rare')],
            ['kcat and grep', byKcat(records / 100, `${reads()} -f '%h\\n' | grep -cF 'ce_type=rare'`)],
        ])),
        ...(await compare('records sent', 50_000, [
            ['airi-ctl', byAiri(records, '--into', into)],
            ['kcat', byKcat(0, `${reads()} -f '%k\\t%s\\n' | ${kcat()} -P -K '\\t' -t ${into}`)],
            ['kafkajs', byKafkajs(0, { DO: 'send', INTO: into })],
        ])),
    ];
    // The target has some times as many records now.
    const { text, peak } = await timed(`${settings.bin}/airi-ctl`, ['replay', '--topic', into, '--dry-run']);
    const note = `${text.split(' ', 1)[0]} records read`;
    return [...rows, { what: 'memory of airi-ctl, a larger topic', value: peak, unit: 'MB', note }];
}
