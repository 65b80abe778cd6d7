// Kafka over TLS: the programs work through it, and nothing of them, least of all a password, goes to a server that no
// trusted authority vouches for under the name that was asked for.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

import { Authority } from '../support/js/certificates.mjs';
import { withOwnSystem } from '../support/js/scenario.mjs';
import { passwordOf } from '../support/js/system/access.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const [ours, theirs] = [new Authority(), new Authority()];
const scenario = withOwnSystem({
    gateways: 1,
    kafkaTls: { KAFKA_TLS_PEM: ours.sign('broker', 'IP:127.0.0.1'), KAFKA_TLS_CA: ours.ca },
});

// A server in the broker's place; `raw` is what came over the wire, `read` what it could read of it.
class Trap {
    static async open(pem) {
        const trap = new Trap();
        const file = readFileSync(pem);
        trap.server = net.createServer((wire) => {
            wire.on('data', (bytes) => trap.raw.push(bytes)).on('error', () => {});
            const socket = new tls.TLSSocket(wire, { isServer: true, key: file, cert: file });
            socket.on('data', (bytes) => trap.read.push(bytes)).on('error', () => {});
            trap.connections += 1;
        });
        await new Promise((listening) => trap.server.listen(0, '127.0.0.1', listening));
        return trap;
    }

    raw = [];
    read = [];
    connections = 0;

    get address() {
        return `127.0.0.1:${this.server.address().port}`;
    }
}

let copies = 1;
// Starts another copy of a program with these settings; what its log says about Kafka, once it says something.
async function refusalOf(system, kind, env) {
    const name = `${kind}-${++copies}`;
    const program = await system.define(name);
    program.launch(env);
    try {
        const lines = await eventually(
            `${name} reports a Kafka that it does not trust`,
            () => {
                const found = ['kafka.unavailable', 'kafka.error'].flatMap((event) => system.logged(name, event));
                return found.some(({ reason }) => /ssl/i.test(reason)) && found;
            },
            { within: 30_000 },
        );
        const health = await fetch(`http://127.0.0.1:${program.port}/readyz`).catch(() => null);
        assert.notEqual(health?.status, 200, 'it is not ready');
        return lines.map(({ reason }) => reason).join('\n');
    } finally {
        await program.kill();
        system.programs.delete(name);
    }
}

// With Kafka's user of each.
const programs = [
    ['gateway', 'gateway'],
    ['usage', 'worker'],
];

scenario('messages are answered and billed over TLS, and plain text is not answered', async (stage) => {
    const { system } = stage;
    const client = await stage.client();
    await client.sendAll(orders(5));
    await stage.check();
    const [host, port] = system.brokers.split(':');
    // ApiVersions, which a broker without TLS answers.
    const request = Buffer.from('0000000a001200000000000100016100', 'hex');
    const answered = await new Promise((ended) => {
        let bytes = 0;
        const socket = net.connect(Number(port), host, () => socket.write(request));
        socket.on('data', (data) => (bytes += data.length));
        socket.on('error', () => {});
        socket.on('close', () => ended(bytes));
        socket.setTimeout(5_000, () => socket.destroy());
    });
    assert.ok(answered < 10, 'a TLS alert at most');
    const listening = tls.connect({ host, port: Number(port), ca: readFileSync(ours.ca) });
    await new Promise((ready) => listening.once('secureConnect', ready));
    assert.equal(listening.authorized, true);
    listening.destroy();
});

scenario('a broker under another authority, or another name, is refused with its reason', async ({ system }) => {
    const port = system.brokers.split(':')[1];
    for (const [kind] of programs) {
        const stranger = await refusalOf(system, kind, { KAFKA_SSL_CA_LOCATION: theirs.ca });
        assert.match(stranger, /certificate verify failed/i);
        const other = await refusalOf(system, kind, { KAFKA_BROKERS: `localhost:${port}` });
        assert.match(other, /certificate verify failed|hostname mismatch/i);
    }
});

scenario('a server in the place of the broker gets no password and no record', async ({ system }) => {
    const traps = [
        [await Trap.open(theirs.sign('broker', 'IP:127.0.0.1')), /certificate verify failed/i],
        [await Trap.open(ours.sign('elsewhere', 'IP:127.0.0.9,DNS:elsewhere.example')), /certificate|hostname/i],
    ];
    for (const [trap, reason] of traps)
        for (const [kind, user] of programs) {
            assert.match(await refusalOf(system, kind, { KAFKA_BROKERS: trap.address }), reason);
            assert.ok(trap.connections > 0);
            assert.deepEqual(trap.read, [], 'nothing was sent after the handshake');
            const wire = Buffer.concat(trap.raw);
            for (const word of [passwordOf(system, 'kafka', user), user, 'airi']) assert.ok(!wire.includes(word), word);
        }
    for (const [trap] of traps) trap.server.close();
});
