// Any part of the system dies at any time, for a while, under load; afterwards everything has exactly one end.

import assert from 'node:assert/strict';

import { dice, faultsSeed } from '../support/js/dice.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually, pause } from '../support/js/system/wait.mjs';
import { withFaults, print } from '../support/js/scenario.mjs';

const scenario = withFaults({
    moderation: 2,
    chat: 2,
    usage: 1,
    providers: ['openai', 'anthropic', 'groq'],
    supervised: true,
});

const kill =
    (name, ms) =>
    async ({ system }) => {
        await system.kill(name);
        await pause(ms);
        await system.start(name);
    };
const freeze =
    (name, ms) =>
    async ({ system }) => {
        system.pause(name);
        await pause(ms);
        system.resume(name);
    };
const leave =
    (name) =>
    async ({ system }) => {
        await system.stop(name);
        await system.start(name);
    };

const mischief = {
    'kill chat-1': kill('chat-1', 500),
    'kill chat-2': kill('chat-2', 4000),
    'stop chat-1': leave('chat-1'),
    'freeze chat-2': freeze('chat-2', 4500),
    'kill moderation-1': kill('moderation-1', 300),
    'freeze moderation-2': freeze('moderation-2', 3500),
    'kill usage-1': kill('usage-1', 200),
    'kill gateway-1': kill('gateway-1', 300),
    'stop gateway-2': leave('gateway-2'),
    'flush redis': ({ system }) => system.redis('FLUSHALL'),
    'kill redis': kill('redis', 700),
    'kill kafka': kill('kafka', 500),
    'kill postgres': kill('postgres', 500),
};

const mostWaiting = 16; // of a client

async function keepSending(clients, conversations, running) {
    await Promise.all(
        clients.map(async (client, i) => {
            let n = 0;
            while (running()) {
                // A conversation answers one message after the other: more of them would only be waited for at the end.
                if (client.all.filter((one) => !one.ended).length < mostWaiting) {
                    const fault = n % 9 === 8 ? 'openai.fault=cut openai.times=1' : '';
                    const script = `tokens=${10 + ((n * 7) % 50)} rate=20 ${fault}`;
                    await client.send(orders(1, { script, conversation: conversations[i][n % 2] })[0]);
                    n += 1;
                }
                await pause(500);
                // Rejected during an outage: sent again under the same id, as any client does.
                for (const one of client.all.filter((each) => each.rejected)) {
                    one.rejected = null;
                    client.write('message_send', one.order, one.order.client_message_id);
                }
            }
        }),
    );
}

scenario('every message has one end after random kills under load', async (stage) => {
    const { system } = stage;
    const seed = faultsSeed();
    const rounds = Number(process.env.FAULTS_ROUNDS ?? (process.env.AIRI_LONG_TESTS ? 60 : 5));
    print(`seed ${seed}`);
    const throwDice = dice(seed);
    stage.watchOffsets();
    const clients = [
        ...(await stage.clientsOf(4, { gateways: ['gateway-1', 'gateway-2'] })),
        ...(await stage.clientsOf(4, { gateways: ['gateway-2', 'gateway-1'] })),
    ];
    const conversations = await Promise.all(
        clients.map((c) =>
            Promise.all(
                [0, 1].map(
                    async () =>
                        (await system.api('POST', '/conversations', { token: c.user.token, body: {} })).json.data.id,
                ),
            ),
        ),
    );
    let running = true;
    const sending = keepSending(clients, conversations, () => running);
    const names = Object.keys(mischief);
    const done = [];
    for (let i = 0; i < rounds; ++i) {
        const name = names[throwDice(names.length)];
        done.push(name);
        await mischief[name](stage);
        await pause(throwDice(1500));
    }
    running = false;
    await sending;
    for (const program of system.programs.values()) if (program.port) await system.ready(program.name);
    const resend = setInterval(() => {
        for (const client of clients)
            for (const one of client.all.filter((each) => each.rejected)) {
                one.rejected = null;
                client.write('message_send', one.order, one.order.client_message_id);
            }
    }, 500);
    try {
        await eventually('every message is acknowledged', () => clients.every((c) => c.all.every((one) => one.ids)), {
            within: 30_000,
        });
    } finally {
        clearInterval(resend);
    }
    const count = await stage.check({ within: 90_000 });
    assert.ok(count > 50);
    const sent = clients.flatMap((c) => c.all);
    const endings = [...system.programs.values()].flatMap((p) => p.endings.map((code) => `${p.name} ${code}`));
    if (endings.length) print(`exited by themselves: ${endings.join(', ')}`);
    print(
        `${count} messages through: ${done.join(', ')}; ${sent.filter((one) => one.restarts > 0).length} restarted, ` +
            `${clients.reduce((sum, c) => sum + c.reconnects, 0)} reconnects, ${stage.samples} samples of offsets`,
    );
});
