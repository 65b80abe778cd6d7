// A gateway dies, or leaves for a deploy: its clients come back on another one and miss nothing.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { onSystem, say, spread } from '../support/js/scenario.mjs';

const scenario = onSystem({ gateways: 2 });

async function underWay(clients, each, script) {
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(each, { script }))))).flat();
    await eventually('the replies are under way', () => sent.every((one) => one.deltas > 1));
    return sent;
}

// The time until a delta came over the new connection.
async function resumed(sent, from) {
    const before = new Map(sent.map((one) => [one, one.deltas]));
    const times = new Map();
    await eventually(
        'every stream goes on',
        () => {
            for (const one of sent)
                if (one.deltas + one.snapshots > before.get(one) || one.ended)
                    times.set(one, times.get(one) ?? Date.now() - from);
            return times.size === sent.length;
        },
        { every: 10 },
    );
    return [...times.values()];
}

scenario('SAAS-59: kill -9 of a gateway: 100 clients resume on the second one, no stream notices', async (on) => {
    const clients = await on.clientsOf(20, { gateways: ['gateway-1', 'gateway-2'] });
    const sent = await underWay(clients, 5, 'tokens=80 rate=15');
    // These are on their way, acknowledged or not, when it happens.
    const late = (await Promise.all(clients.map((c) => c.sendAll(orders(2, { script: 'tokens=20 rate=20' }))))).flat();
    const killed = Date.now();
    await on.system.kill('gateway-1');
    const times = await resumed(sent, killed);
    assert.equal(await on.check(), 140);
    for (const one of [...sent, ...late]) assert.equal(one.restarts, 0, 'a stream belongs to the worker');
    say(
        `100 streams go on after ${spread(times)}; ${sent.filter((one) => one.recovered).length} recovered frame by frame, ${sent.reduce(
            (sum, one) => sum + one.snapshots,
            0,
        )} snapshots`,
    );
    await on.system.start('gateway-1');
});

scenario('SIGTERM: the gateway says reconnect, its clients leave in their time, it ends with 0', async (on) => {
    const clients = await on.clientsOf(20, { gateways: ['gateway-1', 'gateway-2'] });
    const sent = await underWay(clients, 3, 'tokens=100 rate=15');
    const told = Date.now();
    assert.equal(await on.system.stop('gateway-1'), 0);
    const took = Date.now() - told;
    assert.ok(
        clients.every((c) => c.told?.after_ms >= 0),
        'every client was told to reconnect',
    );
    assert.ok(
        clients.every((c) => c.reconnects === 1),
        'every client came back once',
    );
    assert.equal(await on.check(), 60);
    for (const one of sent) assert.equal(one.restarts, 0);
    say(`drained in ${(took / 1000).toFixed(1)} s, after_ms ${spread(clients.map((c) => c.told.after_ms))}`);
    await on.system.start('gateway-1');
});

scenario('clients that leave change nothing: their messages end, and are there when they come back', async (on) => {
    const clients = await on.clientsOf(5);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(4, { script: 'tokens=30 rate=20' }))))).flat();
    await eventually('all are acknowledged', () => sent.every((one) => one.ids));
    for (const client of clients) client.close();
    await eventually(
        'all have ended',
        async () =>
            (
                await on.system.rows(
                    "select count(*)::int as n from generations where state = 'completed' and id = any($1)",
                    [sent.map((one) => one.ids.generation_id)],
                )
            )[0].n === 20,
    );
    await Promise.all(clients.map((c) => c.connect()));
    assert.equal(await on.check(), 20);
});

scenario('a connection that breaks over and over, with several messages of one conversation under way', async (on) => {
    const clients = await on.clientsOf(6, { gateways: ['gateway-1', 'gateway-2'] });
    await Promise.all(
        clients.map(async (client) => {
            const made = await on.system.api('POST', '/conversations', { token: client.user.token, body: {} });
            const sent = await client.sendAll(
                orders(6, { script: 'tokens=25 rate=25', conversation: made.json.data.id }),
            );
            const allEnded = () => sent.every((one) => one.ended);
            const seen = () => sent.reduce((sum, one) => sum + one.deltas + one.snapshots + (one.ended ? 1 : 0), 0);
            while (!allEnded()) {
                const before = seen();
                await eventually('more has come', () => seen() > before + 2 || allEnded(), { every: 5 });
                client.drop();
            }
        }),
    );
    assert.equal(await on.check(), 36);
    assert.ok(
        clients.every((c) => c.reconnects > 10),
        'many breaks',
    );
    for (const client of clients) for (const one of client.all) assert.equal(one.restarts, 0);
    say(`${clients.reduce((sum, c) => sum + c.reconnects, 0)} broken connections`);
});

/// Server-sent events of a response, one after the other, until `enough` of one.
async function* events(response) {
    let rest = '';
    for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + bytes).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) {
            const fields = Object.fromEntries(
                block
                    .split('\n')
                    .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
            );
            if (fields.data) yield { id: fields.id, event: fields.event, data: JSON.parse(fields.data).data };
        }
    }
}

scenario('an SSE client goes on with Last-Event-ID on the second gateway', async (on) => {
    const { system } = on;
    const user = await system.user();
    const headers = {
        Authorization: `Bearer ${user.token}`,
        'Content-Type': 'application/json',
        Accept: 'text/event-stream',
    };
    const [order] = orders(1, { script: 'tokens=60 rate=15' });
    const { mark, ...body } = order;
    system.secrets.add(mark);
    const first = await fetch(`${system.url('gateway-1')}/api/v1/chat/messages`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
    });
    assert.equal(first.status, 200);
    let text = '';
    let last;
    try {
        for await (const one of events(first)) {
            last = one;
            if (one.event === 'message_delta') text += one.data.content;
            if (text.length > 60) await system.kill('gateway-1');
        }
    } catch {
        // The connection broke off, as it had to.
    }
    assert.equal(last.event, 'message_delta');
    const second = await fetch(`${system.url('gateway-2')}/api/v1/generations/${last.data.generation_id}/events`, {
        headers: { ...headers, 'Last-Event-ID': last.id },
    });
    assert.equal(second.status, 200);
    let offset = last.data.offset;
    let end;
    for await (const one of events(second)) {
        assert.equal(one.data.offset, offset + 1, 'neither a gap nor a double');
        offset = one.data.offset;
        if (one.event === 'message_delta') text += one.data.content;
        else end = one;
    }
    assert.equal(end.event, 'message_complete');
    assert.equal(end.data.message.content, text);
    await system.start('gateway-1');
});
