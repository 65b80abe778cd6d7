// Shared by the tests on whole systems: one system per file, stopped after its last test; logs are printed on failure.

import { after, before, test } from 'node:test';

import { OffsetWatch, check } from './system/checker.mjs';
import { Client } from './system/client.mjs';
import { startSystem } from './system/system.mjs';

// Declares the file's system; the returned function declares tests that receive a stage on it.
export function withSystem(options) {
    let system;
    let failed = false;
    before(async () => {
        const begun = Date.now();
        system = await startSystem(options);
        console.log(`      a system is up in ${seconds(begun)}`);
    });
    after(() => system?.end({ failed }));
    return (name, act) =>
        test(name, async () => {
            const using = new Stage(system);
            try {
                await act(using);
            } catch (error) {
                failed = true;
                throw error;
            } finally {
                await using.leave();
            }
        });
}

// A test's own users and clients on the system, and its checks.
class Stage {
    constructor(system) {
        this.system = system;
        this.clients = []; // whose messages `check` verifies
        this.opened = [];
        this.watch = null;
    }

    watchOffsets() {
        this.watch = new OffsetWatch(this.system);
    }

    async client(options = {}, user) {
        const client = new Client(this.system, user ?? (await this.system.user(options.plan)), options);
        this.clients.push(client);
        this.opened.push(client);
        return client.connect();
    }

    // So many clients, each with a user of its own.
    async clientsOf(count, options = {}) {
        return Promise.all(Array.from({ length: count }, () => this.client(options)));
    }

    async check(options) {
        const count = await check(this.system, this.clients, options);
        await this.checkOffsets();
        return count;
    }

    async checkOffsets() {
        const watch = this.watch;
        this.watch = null;
        if (watch) this.samples = await watch.check();
    }

    async leave() {
        if (this.watch) this.watch.running = false;
        for (const client of this.opened) client.close();
    }
}

export const print = (text) => console.log(`      ${text}`);
export const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

// "min 1.2, median 3.4, max 5.6 s" of milliseconds.
export function spread(times) {
    const sorted = [...times].sort((a, b) => a - b);
    const at = (part) => (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] / 1000).toFixed(2);
    return sorted.length ? `min ${at(0)}, median ${at(0.5)}, max ${at(1)} s` : 'none';
}
