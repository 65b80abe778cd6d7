// The bot of workers/gaming/bot as a process, driven as the gaming worker does.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { eventually } from '../system/wait.mjs';

const program = fileURLToPath(new URL('../../../../workers/gaming/bot/bot.mjs', import.meta.url));
let commands = 0;

export class BotProcess {
    lines = []; // of stdout, parsed
    broken = []; // lines of stdout that are not JSON
    diagnostics = '';

    constructor() {
        this.child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'pipe'] });
        this.child.stdin.on('error', () => {});
        this.child.stderr.on('data', (data) => (this.diagnostics += data));
        const done = new Promise((resolve) => {
            createInterface({ input: this.child.stdout })
                .on('line', (line) => {
                    try {
                        this.lines.push(JSON.parse(line));
                    } catch {
                        this.broken.push(line);
                    }
                })
                .on('close', resolve);
        });
        const exited = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve(code ?? signal)));
        // The exit code, when all of its output is read.
        this.exit = Promise.all([exited, done]).then(([code]) => code);
    }

    write(text) {
        this.child.stdin.write(text);
    }

    send(message) {
        this.write(`${JSON.stringify(message)}\n`);
    }

    all(kind) {
        return this.lines.filter((line) => Object.hasOwn(line, kind)).map((line) => line[kind]);
    }

    // The first message of this kind that fits.
    wait(kind, fits = () => true, within = 15_000) {
        const what = `the bot writes ${kind}; ${this.diagnostics.slice(-2000)}`;
        return eventually(what, () => this.all(kind).find(fits), { within });
    }

    async join(server, username, { version = server.version, ...more } = {}) {
        this.send({ join: { host: '127.0.0.1', port: server.port, version, username, owner: null, ...more } });
        return this.wait('joined');
    }

    // Sends a command and returns its id.
    begin(verb, given = {}, limits = {}) {
        const id = `command-${++commands}`;
        this.send({ command: { id, verb, arguments: given, limits } });
        return id;
    }

    result(id) {
        return this.wait('result', (result) => result.id === id, 40_000); // a command may take 30 s
    }

    run(verb, given, limits) {
        return this.result(this.begin(verb, given, limits));
    }

    // The most memory that it has had, in MiB.
    peakMemory() {
        const [, kib] = readFileSync(`/proc/${this.child.pid}/status`, 'utf8').match(/^VmHWM:\s+(\d+) kB$/m);
        return Math.round(Number(kib) / 1024);
    }

    async kill() {
        this.child.kill('SIGKILL');
        await this.exit;
    }
}
