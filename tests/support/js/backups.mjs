// A Postgres with airi's schema and a place of backups, for deploy/backup.sh. Both end with the test's process.

import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import pg from 'pg';

import { outcome, watched } from './ctl.mjs';
import { forServers } from './system/environment.mjs';
import { binaries, secretText } from './system/system.mjs';

const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const script = path.join(root, 'deploy/backup.sh');
const servers = path.join(root, 'deploy/servers.sh');
const open = new Set();

export class Backups {
    serving = new Set();

    static async start() {
        const out = new Backups();
        out.dir = mkdtempSync(path.join(os.tmpdir(), 'airi-backups-'));
        open.add(out);
        out.password = path.join(out.dir, 'pg/password');
        out.server = await out.serve(path.join(out.dir, 'pg'));
        out.setUp(out.server.url);
        return out;
    }

    // Backups of a test's system.
    static of(system) {
        const out = new Backups();
        out.dir = mkdtempSync(path.join(system.dir, 'backups-'));
        out.password = path.join(system.dir, 'postgres/password');
        out.setUp(system.adminUrl);
        return out;
    }

    setUp(url) {
        this.env = {
            BACKUP_URL: `file://${this.dir}/place`,
            BACKUP_KEY: secretText(),
            ENCRYPTION_KEY: secretText(),
            ERASURE_LEDGER_URL: `file://${this.dir}/ledger`,
            BACKUP_STATE: `${this.dir}/state`,
            BACKUP_INTERVAL: '1',
            VAULT_PROGRAM: path.join(binaries, 'airi-vault'),
            DATABASE_URL: url,
        };
    }

    // A server on <dir>/data, also on restored data; its user's password is that of the first server.
    async serve(dir) {
        if (existsSync(path.join(dir, 'data'))) copyFileSync(this.password, `${dir}/password`);
        const env = { ...process.env, ...forServers };
        const { stdout } = await run('bash', [servers, 'postgres', 'start', dir], { env });
        const last = stdout.trim().split('\n').pop();
        const url = last.replace(/\/postgres$/, '/airi');
        const database = new pg.Pool({ connectionString: url, max: 4, options: '-c search_path=airi' });
        database.on('error', () => {});
        this.serving.add(dir);
        const stop = async () => {
            await database.end();
            await run('bash', [servers, 'postgres', 'stop', dir]);
            this.serving.delete(dir);
        };
        return { url, stop, rows: async (sql, values = []) => (await database.query(sql, values)).rows };
    }

    rows(sql, values) {
        return this.server.rows(sql, values);
    }

    // `prefix`: words before the script, as of a shell that limits it.
    start(words, { env = {}, prefix = [] } = {}) {
        const [command, ...rest] = [...prefix, script, ...words];
        return watched(command, rest, {
            env: { PATH: process.env.PATH, TMPDIR: os.tmpdir(), ...this.env, ...env },
            detached: true,
        });
    }

    run(words, options) {
        return outcome(this.start(words, options));
    }

    // The names of complete backups.
    async names() {
        return (await this.run(['list'])).text.match(/^\S+-(daily|weekly|monthly|manual)/gm) ?? [];
    }

    // The files of the place.
    files(folder = 'place') {
        const all = readdirSync(path.join(this.dir, folder), { recursive: true, withFileTypes: true });
        return all.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name));
    }

    endNow() {
        if (!open.delete(this)) return;
        for (const dir of this.serving) execFileSync('bash', [servers, 'postgres', 'kill', dir]);
        rmSync(this.dir, { recursive: true, force: true });
    }
}

process.once('exit', () => {
    for (const one of open) one.endNow();
});
