// airi-ctl as an operator runs it beside a test's system.

import { spawn } from 'node:child_process';
import path from 'node:path';

import { kafkaSettings, redisUrl, withProducer } from './system/access.mjs';
import { binaries } from './system/system.mjs';

export const program = path.join(binaries, 'airi-ctl');

// The running program, as watched() has it.
export const startCtl = (system, ...words) => startProgram(system, [program, ...words]);

// The same with settings beside Kafka's, and with words before the program, as of a shell that limits it.
export function startProgram(system, [command, ...words], env = {}) {
    return watched(command, words, {
        env: {
            PATH: process.env.PATH,
            DATABASE_URL: system.adminUrl,
            REDIS_URL: redisUrl(system, 'operator'),
            ...kafkaSettings(system, 'operator'),
            ...env,
        },
    });
}

// Starts a program: its child process, its output so far, and `ended`, which is its exit status.
export function watched(command, words, options) {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const out = { child, text: '', errors: '' };
    child.stdout.on('data', (data) => (out.text += data));
    child.stderr.on('data', (data) => (out.errors += data));
    out.ended = new Promise((done) => child.once('close', done));
    return out;
}

export const outcome = async (running) => ({ code: await running.ended, text: running.text, errors: running.errors });

export const ctl = (system, ...words) => outcome(startCtl(system, ...words));

// Words before a program whose files take so many blocks (1 KB) and then no other byte, as on a full disk.
export const onFullDisk = (blocks) => ['bash', '-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`];

export const ctlOnFullDisk = (system, ...words) => outcome(startProgram(system, [...onFullDisk(0), program, ...words]));

// `atOnce`: a request of the producer has at most 1 MB.
export async function send(system, topic, messages, atOnce = 5_000) {
    await withProducer(system, async (producer) => {
        for (let at = 0; at < messages.length; at += atOnce)
            await producer.send({ topic, messages: messages.slice(at, at + atOnce) });
    });
}
