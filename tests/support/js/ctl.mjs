// airi-ctl as an operator runs it beside a test's system.

import { spawn } from 'node:child_process';
import path from 'node:path';

import { kafkaSettings } from './system/access.mjs';
import { binaries } from './system/system.mjs';

// The running program: its child process, what it has printed, and `ended`, which is its exit status.
export function startCtl(system, ...words) {
    const child = spawn(path.join(binaries, 'airi-ctl'), words, {
        env: { PATH: process.env.PATH, ...kafkaSettings(system, 'operator') },
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = { child, text: '', errors: '' };
    child.stdout.on('data', (data) => (out.text += data));
    child.stderr.on('data', (data) => (out.errors += data));
    out.ended = new Promise((done) => child.once('close', done));
    return out;
}

export async function ctl(system, ...words) {
    const running = startCtl(system, ...words);
    return { code: await running.ended, text: running.text, errors: running.errors };
}

export async function send(system, topic, messages) {
    const producer = system.kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages });
    await producer.disconnect();
}
