// Shared by the tests on whole systems.

import { checkFrames } from './frames.mjs';
import { declareTest } from './harness.mjs';
import { Wire } from './raw.mjs';
import { systemWith } from './shared_system.mjs';
import { OffsetWatch, check } from './system/checker.mjs';
import { Client } from './system/client.mjs';

// Declares which system the file's tests need: its options, or a function that returns them. The returned function
// declares tests that receive a stage on it. Files with equal options share a system, so a test asserts only what
// concerns its own users.
export function withSystem(options = {}) {
    return (name, act) =>
        declareTest(name, async () => {
            const stage = new Stage(await systemWith(typeof options === 'function' ? await options() : options));
            try {
                await act(stage);
            } finally {
                await stage.leave();
            }
        });
}

// The same with a system of the file's own, for tests that leave something behind.
export const withOwnSystem = (options = {}) => withSystem({ ...options, file: crypto.randomUUID() });

// The same for tests that kill its parts: each worker has a process of its own, as in production, a consumer group
// gives a member up after 2 s of silence, and effects that come at about the same time are committed together.
export const withFaults = (options = {}) =>
    withOwnSystem({
        separate: true,
        ...options,
        env: { KAFKA_SESSION_TIMEOUT: '2000ms', DATABASE_GROUP_LINGER: '10ms', ...options.env },
    });

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
        Wire.closeAll();
        checkFrames();
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
