// A program of a private system: started, killed, stopped, paused, with its log in a file and its pid beside it, in the
// form that deploy/lib/base.sh reads.

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

import { eventually } from './wait.mjs';

const usedPorts = new Set();

// A port below the range of the kernel's ephemeral ports; never the same one twice.
export async function freePort() {
    for (;;) {
        const port = 20_000 + Math.floor(Math.random() * 12_000);
        if (!usedPorts.has(port) && (await canListen(port))) {
            usedPorts.add(port);
            return port;
        }
    }
}

function canListen(port) {
    return new Promise((resolve) => {
        const server = createServer();
        server.once('error', () => resolve(false));
        server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
}

export class Program {
    // `supervised`: restarted when it exits by itself, as deploy/supervise.sh does.
    constructor(name, { command, args = [], env, dir, ready, supervised = false }) {
        this.name = name;
        this.options = { command, args, env };
        this.home = path.join(dir, name);
        this.log = path.join(dir, 'logs', `${name}.log`);
        this.ready = ready;
        this.child = null;
        this.supervised = supervised;
        this.env = {};
        this.endings = []; // exit codes of its own endings
        mkdirSync(this.home, { recursive: true });
        mkdirSync(path.dirname(this.log), { recursive: true });
    }

    get pid() {
        return this.child?.pid;
    }

    get running() {
        return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
    }

    // Returns at once; `up` waits until it is ready.
    launch(env = {}) {
        if (this.running) throw new Error(`${this.name} is already running`);
        this.env = env; // what differs from its options
        const log = openSync(this.log, 'a');
        const { command, args } = this.options;
        this.child = spawn(command, args, {
            env: { ...this.options.env, ...env },
            cwd: this.home,
            stdio: ['ignore', log, log],
        });
        closeSync(log);
        this.ended = new Promise((resolve, reject) => {
            this.child.once('exit', resolve);
            this.child.once('error', reject);
        });
        this.ended.catch(() => {});
        this.stopping = false;
        this.child.once('exit', (code, signal) => {
            if (this.stopping) return;
            this.endings.push(code ?? signal);
            if (this.supervised) this.relaunch = setTimeout(() => this.launch(env), 200);
        });
        if (this.pid) writeFileSync(path.join(this.home, 'pid'), `${this.pid}\n${startedAt(this.pid)}\n`);
    }

    async up(within = 30_000) {
        await eventually(
            `${this.name} is ready`,
            () => {
                if (this.running) return this.ready();
                if (this.supervised) return false;
                const code = this.child.exitCode;
                throw Object.assign(new Error(`${this.name} exited by itself with ${code}`), { final: true });
            },
            { within },
        );
    }

    signal(which) {
        if (this.running) this.child.kill(which);
    }

    async kill() {
        this.expectExit();
        this.signal('SIGKILL');
        await this.exited();
    }

    // Sends SIGTERM and waits for the exit; returns the exit code.
    async stop(within = 25_000) {
        this.expectExit();
        this.signal('SIGTERM');
        await eventually(`${this.name} leaves`, () => !this.running, { within });
        await this.exited();
        return this.child?.exitCode;
    }

    // From here on its end is requested.
    expectExit() {
        this.stopping = true;
        clearTimeout(this.relaunch);
    }

    async exited() {
        await this.ended;
        rmSync(path.join(this.home, 'pid'), { force: true });
    }
}

function startedAt(pid) {
    try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    } catch {
        return '';
    }
}
