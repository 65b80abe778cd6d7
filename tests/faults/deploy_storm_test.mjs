// A deploy replaces processes under load, one after another, and nobody notices; then the same with kill -9.

import assert from 'node:assert/strict';
import path from 'node:path';

import { dice, faultsSeed } from '../support/js/dice.mjs';
import { orders } from '../support/js/system/client.mjs';
import { binaries } from '../support/js/system/system.mjs';
import { pause } from '../support/js/system/wait.mjs';
import { withFaults, print, spread } from '../support/js/scenario.mjs';

const scenario = withFaults({ moderation: 2, chat: 2, usage: 2, outbox: 2 });
const replaced = ['gateway', 'moderation', 'chat', 'usage', 'outbox'].flatMap((kind) => [`${kind}-1`, `${kind}-2`]);
const storm = process.env.AIRI_LONG_TESTS ? 120_000 : 40_000; // ms
const every = 5_000; // ms between two replacements
const users = 60;
const streams = 5; // of each user

// Keeps so many replies of each client under way until `stop` is called.
function keepStreaming(clients) {
    let running = true;
    const done = Promise.all(
        clients.map(async (client) => {
            while (running) {
                const missing = streams - client.all.filter((one) => !one.ended).length;
                if (missing > 0) await client.sendAll(orders(missing, { script: 'tokens=48 rate=4' }));
                await pause(100);
            }
        }),
    );
    return () => {
        running = false;
        return done;
    };
}

// Replaces a random program each five seconds; returns how often each one, and how long it took.
async function replaceSome({ system }, replace) {
    const seed = faultsSeed();
    print(`seed ${seed}`);
    const throwDice = dice(seed);
    const times = [];
    const counts = new Map();
    const end = Date.now() + storm;
    for (let due = Date.now(); due < end; due += every) {
        await pause(due - Date.now());
        const name = replaced[throwDice(replaced.length)];
        const begun = Date.now();
        await replace(system, name);
        await system.start(name);
        times.push(Date.now() - begun);
        counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return `${[...counts].map(([name, n]) => `${name} ${n}`).join(', ')} in ${spread(times)} each`;
}

// As `replaceSome`, each program once: with the one of that folder.
async function replaceEach({ system }, binaries) {
    for (const name of replaced) {
        await system.stop(name);
        const { options } = system.program(name);
        options.command = path.join(binaries, path.basename(options.command));
        await system.start(name);
    }
}

async function underLoad(stage, replaceAll) {
    stage.watchOffsets();
    const half = users / 2;
    const clients = [
        ...(await stage.clientsOf(half, { gateways: ['gateway-1', 'gateway-2'] })),
        ...(await stage.clientsOf(half, { gateways: ['gateway-2', 'gateway-1'] })),
    ];
    const stop = keepStreaming(clients);
    const done = await replaceAll(stage);
    await stop();
    const count = await stage.check({ within: 90_000 });
    const sent = clients.flatMap((client) => client.all);
    print(`${count} messages, ${users * streams} at once; replaced: ${done}`);
    const anew = sent.filter((one) => one.restarts > 0).length;
    const reconnects = clients.reduce((sum, client) => sum + client.reconnects, 0);
    print(`${anew} begun anew, ${reconnects} reconnects, ${stage.samples} samples of offsets`);
    return clients;
}

scenario('AIRI-46, EZRI-78: clients see no error while a deploy replaces processes by SIGTERM', async (stage) => {
    const clients = await underLoad(stage, () =>
        replaceSome(stage, async (system, name) => assert.equal(await system.stop(name), 0, `${name} ends with 0`)),
    );
    const troubles = clients.flatMap((client) => client.troubles);
    assert.deepEqual(troubles.slice(0, 5), [], `${troubles.length} errors at clients`);
});

scenario('no message is lost, doubled or garbled while processes are killed one after another', async (stage) => {
    await underLoad(stage, () => replaceSome(stage, (system, name) => system.kill(name)));
});

// With --long, which builds it.
const previous = process.env.AIRI_PREVIOUS_BIN_DIR;
if (previous)
    scenario('AIRI-46: the version before runs on this schema, beside this one, and is replaced', async (stage) => {
        const clients = await underLoad(stage, async () => {
            await replaceEach(stage, previous);
            await pause(every);
            await replaceEach(stage, binaries);
            return 'each program, by the one before and by the present one';
        });
        const troubles = clients.flatMap((client) => client.troubles);
        assert.deepEqual(troubles.slice(0, 5), [], `${troubles.length} errors at clients`);
    });
