// A model writes a blocked term: no surface shows any of it, the reply ends there, and the decision is stored once,
// whatever dies meanwhile. The stub provider sends "tok0 tok1 …", each word as a delta.

import assert from 'node:assert/strict';

import { caller } from '../support/js/openai_caller.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print, spread } from '../support/js/scenario.mjs';

const scenario = withFaults({ chat: 2 });
const before = 'tok0 tok1 tok2 tok3 tok4 tok5 tok6';

// The workers load the list when they start.
async function block(system, term, { pattern = false } = {}) {
    await system.rows("delete from blocked_terms where term like 'tok%'");
    await system.rows(
        "insert into blocked_terms (term, category, action, pattern) values ($1, 'violence', 'block', $2)",
        [term, pattern],
    );
    for (const name of ['chat-1', 'chat-2']) {
        await system.stop(name);
        await system.start(name);
    }
    await system.settled({ chat: 2 });
}

const decisions = (system, id) =>
    system.rows('select action, categories, reason, origin from moderation_decisions where message_id = $1', [id]);
const decided = [{ action: 'block', categories: ['violence'], reason: 'blocked_term:violence', origin: 'reply' }];

const firstTokens = (sent) => sent.map((one) => one.firstAt - one.acceptedAt).sort((a, b) => a - b);

async function timed(stage, clients) {
    const sent = [];
    for (let i = 0; i < 15; ++i)
        for (const client of clients) {
            const [one] = await client.sendAll(orders(1, { script: 'tokens=3' }));
            await eventually('its first delta comes', () => one.deltas > 0 || one.ended, { every: 1 });
            one.firstAt = Date.now();
            sent.push(one);
        }
    await eventually('the replies end', () => sent.every((one) => one.ended));
    return firstTokens(sent);
}

scenario('a reply without a term is whole, and its first delta comes as early as without a list', async (stage) => {
    const { system } = stage;
    const clients = await stage.clientsOf(2);
    const without = await timed(stage, clients);
    await block(system, 'tok7 tok8 tok9');
    const withList = await timed(stage, clients);
    assert.equal(await stage.check({ expect: () => 'completed' }), 60);
    const median = (times) => times[times.length / 2];
    print(`first delta without a list: ${spread(without)}; with one: ${spread(withList)}`);
    print(`ratio of the medians: ${(median(withList) / median(without)).toFixed(2)}`);
});

scenario(
    'a term split over three deltas shows none of it on the socket, and its reply ends before it',
    async (stage) => {
        const { system } = stage;
        await block(system, 'tok7 tok8 tok9');
        const clients = await stage.clientsOf(2);
        const sent = (
            await Promise.all(clients.map((c) => c.sendAll(orders(5, { script: 'tokens=60 rate=40' }))))
        ).flat();
        assert.equal(await stage.check({ expect: () => 'rejected' }), 10);
        for (const one of sent) {
            assert.ok(before.startsWith(one.text), `only ${JSON.stringify(one.text)} was shown`);
            assert.equal(one.end.message.content, before, 'what was shown is what is stored');
            assert.equal(one.end.message.status, 'rejected');
            assert.equal(one.end.reason, 'blocked_term:violence');
            assert.deepEqual(await decisions(system, one.ids.reply_id), decided);
            const [call] = await system.stubRequests(one.order.mark);
            assert.ok(call.tokens_sent < 60, 'the provider stopped');
            const [bill] = await system.rows(
                "select tokens_out::int, outcome from usage_log where reference = $1 and resource = 'tokens'",
                [one.ids.generation_id],
            );
            assert.equal(bill.outcome, 'rejected');
            assert.ok(bill.tokens_out >= 7, `${bill.tokens_out} tokens`);
        }
    },
);

scenario('AIRI-33: server-sent events and OpenAI’s API show none of the match of a pattern', async (stage) => {
    const { system } = stage;
    await block(system, 'tok7 tok[0-9] (no|tok9)', { pattern: true });
    const user = await system.user('pro');
    const { json } = await system.api('POST', '/conversations', { token: user.token, body: {} });
    const response = await fetch(`${system.url('gateway-1')}/api/v1/conversations/${json.data.id}/messages`, {
        method: 'POST',
        headers: {
            Authorization: `Bearer ${user.token}`,
            'Content-Type': 'application/json',
            Accept: 'text/event-stream',
        },
        body: JSON.stringify({ content: '[[stub tokens=60 rate=40]]' }),
    });
    const frames = (await response.text())
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => JSON.parse(line.slice(6)));
    assert.equal(frames.at(-1).type, 'message_rejected');
    assert.equal(frames.at(-1).data.message.content, before);
    const text = frames.map(({ type, data }) => (type === 'message_delta' ? data.content : '')).join('');
    assert.ok(before.startsWith(text), text);

    const { completions, request } = await caller(stage);
    const asked = request('tokens=60 rate=40', { tools: undefined });
    const whole = await completions.create(asked);
    assert.deepEqual([whole.choices[0].finish_reason, whole.choices[0].message.content], ['content_filter', before]);
    let streamed = '';
    let reason;
    for await (const chunk of await completions.create({ ...asked, stream: true })) {
        streamed += chunk.choices[0]?.delta.content ?? '';
        reason = chunk.choices[0]?.finish_reason ?? reason;
    }
    assert.deepEqual([reason, streamed], ['content_filter', before]);
});

scenario('a worker killed at the hit leaves one decision and one end', async (stage) => {
    const { system } = stage;
    await block(system, 'tok7 tok8 tok9');
    const clients = await stage.clientsOf(2);
    const script = 'tokens=400 rate=40 first=3000';
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(5, { script }))))).flat();
    const isCalled = async (one) => (await system.stubRequests(one.order.mark)).length > 0;
    for (const one of sent) await eventually('the provider is called', () => isCalled(one));
    const holder = await system.database.connect();
    await holder.query('begin');
    await holder.query('lock table moderation_decisions in exclusive mode'); // no end can be stored
    try {
        const isGone = async (one) => (await system.stubRequests(one.order.mark)).some((call) => call.client_gone);
        for (const one of sent) await eventually('the call was stopped', () => isGone(one));
        await system.kill('chat-1');
    } finally {
        await holder.query('rollback');
        holder.release();
    }
    assert.equal(await stage.check({ expect: () => 'rejected' }), 10);
    for (const one of sent) {
        assert.equal(one.end.message.content, before);
        assert.deepEqual(await decisions(system, one.ids.reply_id), decided);
    }
    await system.start('chat-1');
});
