// A gateway dies or is replaced by a deploy: its clients reconnect to another one and miss nothing.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print, spread } from '../support/js/scenario.mjs';

const scenario = withFaults();

async function startStreams(clients, each, script) {
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(each, { script }))))).flat();
    await eventually('the replies are streaming', () => sent.every((one) => one.deltas > 1));
    return sent;
}

// The time until a delta arrived over the new connection.
async function resumed(sent, from) {
    const before = new Map(sent.map((one) => [one, one.deltas]));
    const times = new Map();
    await eventually(
        'every stream continues',
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

scenario(
    'SAAS-59: 100 clients resume on the second gateway after kill -9 of the first, and no stream is interrupted',
    async (stage) => {
        const clients = await stage.clientsOf(20, { gateways: ['gateway-1', 'gateway-2'] });
        const sent = await startStreams(clients, 5, 'tokens=80 rate=15');
        // These are in flight, acknowledged or not, when the gateway dies.
        const late = (
            await Promise.all(clients.map((c) => c.sendAll(orders(2, { script: 'tokens=20 rate=20' }))))
        ).flat();
        const killed = Date.now();
        await stage.system.kill('gateway-1');
        const times = await resumed(sent, killed);
        assert.equal(await stage.check(), 140);
        for (const one of [...sent, ...late]) assert.equal(one.restarts, 0, 'a stream belongs to its worker');
        const recovered = sent.filter((one) => one.recovered).length;
        const snapshots = sent.reduce((sum, one) => sum + one.snapshots, 0);
        print(`100 streams continue after ${spread(times)}; ${recovered} resumed exactly, ${snapshots} snapshots`);
        await stage.system.start('gateway-1');
    },
);

scenario('SIGTERM announces a reconnect, gives clients time to leave and ends the gateway with 0', async (stage) => {
    const clients = await stage.clientsOf(20, { gateways: ['gateway-1', 'gateway-2'] });
    const sent = await startStreams(clients, 3, 'tokens=100 rate=15');
    const stopped = Date.now();
    assert.equal(await stage.system.stop('gateway-1'), 0);
    const took = Date.now() - stopped;
    assert.ok(
        clients.every((c) => c.reconnectNotice?.after_ms >= 0),
        'every client was told to reconnect',
    );
    assert.ok(
        clients.every((c) => c.reconnects === 1),
        'every client reconnected once',
    );
    assert.equal(await stage.check(), 60);
    for (const one of sent) assert.equal(one.restarts, 0);
    print(
        `drained in ${(took / 1000).toFixed(1)} s, after_ms ${spread(clients.map((c) => c.reconnectNotice.after_ms))}`,
    );
    await stage.system.start('gateway-1');
});

scenario('messages of disconnected clients finish and are there when the clients return', async (stage) => {
    const clients = await stage.clientsOf(5);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(4, { script: 'tokens=30 rate=20' }))))).flat();
    await eventually('all are acknowledged', () => sent.every((one) => one.ids));
    for (const client of clients) client.close();
    await eventually(
        'all have ended',
        async () =>
            (
                await stage.system.rows(
                    "select count(*)::int as n from generations where state = 'completed' and id = any($1)",
                    [sent.map((one) => one.ids.generation_id)],
                )
            )[0].n === 20,
    );
    await Promise.all(clients.map((c) => c.connect()));
    assert.equal(await stage.check(), 20);
});

scenario('several messages of one conversation survive a connection that breaks repeatedly', async (stage) => {
    const clients = await stage.clientsOf(6, { gateways: ['gateway-1', 'gateway-2'] });
    await Promise.all(
        clients.map(async (client) => {
            const made = await stage.system.api('POST', '/conversations', { token: client.user.token, body: {} });
            const sent = await client.sendAll(
                orders(6, { script: 'tokens=25 rate=25', conversation: made.json.data.id }),
            );
            const allEnded = () => sent.every((one) => one.ended);
            const seen = () => sent.reduce((sum, one) => sum + one.deltas + one.snapshots + (one.ended ? 1 : 0), 0);
            while (!allEnded()) {
                const before = seen();
                await eventually('more frames have arrived', () => seen() > before + 2 || allEnded(), { every: 5 });
                client.drop();
            }
        }),
    );
    assert.equal(await stage.check(), 36);
    assert.ok(
        clients.every((c) => c.reconnects > 10),
        'many breaks',
    );
    for (const client of clients) for (const one of client.all) assert.equal(one.restarts, 0);
    print(`${clients.reduce((sum, c) => sum + c.reconnects, 0)} broken connections`);
});

// Yields the server-sent events of a response until `enough` returns true for one.
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

scenario('an SSE client resumes with Last-Event-ID on the second gateway', async (stage) => {
    const { system } = stage;
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
        // The connection broke off, as expected.
    }
    assert.equal(last.event, 'message_delta');
    const second = await fetch(`${system.url('gateway-2')}/api/v1/generations/${last.data.generation_id}/events`, {
        headers: { ...headers, 'Last-Event-ID': last.id },
    });
    assert.equal(second.status, 200);
    let offset = last.data.offset;
    let end;
    for await (const one of events(second)) {
        assert.equal(one.data.offset, offset + 1, 'neither a gap nor a duplicate');
        offset = one.data.offset;
        if (one.event === 'message_delta') text += one.data.content;
        else end = one;
    }
    assert.equal(end.event, 'message_complete');
    // The end has the whole text: a last piece that came with it has no delta of its own.
    const { content } = end.data.message;
    assert.ok(content.startsWith(text) && content.endsWith('tok59') && text.includes('tok50'), text);
    await system.start('gateway-1');
});
