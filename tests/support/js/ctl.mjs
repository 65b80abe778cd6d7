// airi-ctl as an operator runs it beside a test's system.

import { spawn } from 'node:child_process';
import path from 'node:path';

import { kafkaSettings, redisUrl, withProducer } from './system/access.mjs';
import { binaries } from './system/system.mjs';

export const program = path.join(binaries, 'airi-ctl');

// The running program: its child process, what it has printed, and `ended`, which is its exit status.
export const startCtl = (system, ...words) => startProgram(system, [program, ...words]);

// The same with settings beside Kafka's, and with words before the program, as of a shell that limits it.
export function startProgram(system, [command, ...words], env = {}) {
    const child = spawn(command, words, {
        env: {
            PATH: process.env.PATH,
            DATABASE_URL: system.adminUrl,
            REDIS_URL: redisUrl(system, 'operator'),
            ...kafkaSettings(system, 'operator'),
            ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = { child, text: '', errors: '' };
    child.stdout.on('data', (data) => (out.text += data));
    child.stderr.on('data', (data) => (out.errors += data));
    out.ended = new Promise((done) => child.once('close', done));
    return out;
}

export const outcome = async (running) => ({ code: await running.ended, text: running.text, errors: running.errors });

export const ctl = (system, ...words) => outcome(startCtl(system, ...words));

// The same where no file takes another byte, as on a full disk.
export const ctlOnFullDisk = (system, ...words) =>
    outcome(startProgram(system, ['bash', '-c', `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`, program, ...words]));

// `atOnce`: a request of the producer has at most 1 MB.
export async function send(system, topic, messages, atOnce = 5_000) {
    await withProducer(system, async (producer) => {
        for (let at = 0; at < messages.length; at += atOnce)
            await producer.send({ topic, messages: messages.slice(at, at + atOnce) });
    });
}
