// airi-ctl beside a system, with an archive of its own.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { outcome, program, startProgram } from './ctl.mjs';

export class Archive {
    // `env` has other settings than those of a new directory.
    constructor(system, env = {}) {
        this.system = system;
        this.dir = mkdtempSync(path.join(system.dir, 'archive-'));
        this.env = { ARCHIVE_URL: `file://${this.dir}`, ENCRYPTION_KEY: system.encryptionKey, ...env };
    }

    // `prefix`: words before the program, as of a shell that limits it.
    start(words, { env = {}, prefix = [] } = {}) {
        return startProgram(this.system, [...prefix, program, ...words], { ...this.env, ...env });
    }

    ctl(words, options) {
        return outcome(this.start(words, options));
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
            .filter((name) => /\/manifests\/\d+\.json$/.test(name))
            .map((name) => JSON.parse(readFileSync(path.join(this.dir, name), 'utf8').split('\n')[0]));
    }
}

export const someBytes = (size) => randomBytes(size);
