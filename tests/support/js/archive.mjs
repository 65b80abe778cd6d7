// airi-ctl beside a system, with an archive of its own.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { kafkaSettings } from './system/access.mjs';
import { binaries } from './system/system.mjs';

export class Archive {
    // `env` has other settings than those of a new directory.
    constructor(system, env = {}) {
        this.system = system;
        this.dir = mkdtempSync(path.join(system.dir, 'archive-'));
        this.env = { ARCHIVE_URL: `file://${this.dir}`, ENCRYPTION_KEY: system.encryptionKey, ...env };
    }

    // `prefix`: words before the program, as of a shell that limits it.
    start(words, { env = {}, prefix = [] } = {}) {
        const [command, ...rest] = [...prefix, path.join(binaries, 'airi-ctl'), ...words];
        const child = spawn(command, rest, {
            env: { PATH: process.env.PATH, ...kafkaSettings(this.system, 'operator'), ...this.env, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        const out = { child, text: '', errors: '' };
        child.stdout.on('data', (data) => (out.text += data));
        child.stderr.on('data', (data) => (out.errors += data));
        out.ended = new Promise((done) => child.once('close', done));
        return out;
    }

    async ctl(words, options) {
        const running = this.start(words, options);
        const code = await running.ended;
        return { code, text: running.text, errors: running.errors };
    }

    // The names of what is stored, of complete and incomplete objects.
    files(folder = '') {
        const all = readdirSync(path.join(this.dir, folder), { recursive: true, withFileTypes: true });
        return all
            .filter((one) => one.isFile())
            .map((one) => path.relative(this.dir, path.join(one.parentPath, one.name)))
            .sort();
    }

    manifests(topic) {
        return this.files(topic)
            .filter((name) => name.includes('/manifests/'))
            .map((name) => JSON.parse(readFileSync(path.join(this.dir, name), 'utf8').split('\n')[0]));
    }
}

// `atOnce`: a request of the producer has at most 1 MB.
export async function send(system, topic, messages, atOnce = 5_000) {
    const producer = system.kafka.producer();
    await producer.connect();
    for (let at = 0; at < messages.length; at += atOnce)
        await producer.send({ topic, messages: messages.slice(at, at + atOnce) });
    await producer.disconnect();
}

export const someBytes = (size) => randomBytes(size);
