// Every way a provider can fail, through the whole pipeline: the next one in the chain answers, silently before the
// first token, after a message_restart behind it; every call is recorded, only the last one is billed.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print } from '../support/js/scenario.mjs';

const scenario = withFaults({
    providers: ['openai', 'anthropic', 'groq'],
    chatEnv: { CHAT_FIRST_TOKEN_LIMIT: '2s', CHAT_GAP_LIMIT: '2s', CHAT_TOTAL_LIMIT: '8s' },
});

// One at a time with two good calls between them: three failures in a row would exclude the provider for a minute, and
// one that fails half of its calls is asked last.
async function each(client, scripts, within = 20_000) {
    const out = new Map();
    for (const script of scripts) {
        for (let i = 0; i < 2; ++i) {
            const [good] = await client.sendAll(orders(1, { script: 'tokens=2' }));
            await eventually('a good call', () => good.ended);
        }
        const [one] = await client.sendAll(orders(1, { script }));
        await eventually(`the end of ${script}`, () => one.ended, { within });
        out.set(script, one);
    }
    return out;
}

async function calls(system, one) {
    return system.rows(
        `select epoch, provider, outcome, tokens_out::int, cost_nanousd::int as cost from provider_calls
            where generation_id = $1 order by call`,
        [one.ids.generation_id],
    );
}

const set = (system, key, value) =>
    system.rows(
        `insert into system_settings (key, value) values ($1, $2::jsonb)
            on conflict (key) do update set value = excluded.value`,
        [key, JSON.stringify(value)],
    );

// Two chat workers, which know of no failures yet.
async function twoWorkers(system) {
    for (const name of ['chat-1', 'chat-2']) {
        if (system.programs.get(name)?.running) await system.stop(name);
        await system.start(name);
    }
    await system.settled({ chat: 2 });
}

// The providers that answer messages of so many conversations, which all workers share out.
async function answering(client, count = 16) {
    const sent = await client.sendAll(orders(count, { script: 'tokens=2' }));
    await eventually('all are answered', () => sent.every((one) => one.ended));
    return sent.map((one) => one.end.message.metadata.provider);
}

// Waits until every worker asks this provider. They read settings and each other's views every few seconds.
const allAnswered = (client, provider) =>
    eventually(
        `${provider} answers all messages`,
        async () => (await answering(client)).every((one) => one === provider),
        { every: 500 },
    );

scenario('AIRI-26: a failure before the first token switches to the next provider unnoticed', async (stage) => {
    const [client] = await stage.clientsOf(1);
    const statuses = [400, 401, 403, 404, 408, 429, 500, 502, 503, 529]
        .filter((s) => s !== 400)
        .map((s) => `openai.status=${s}`);
    const faults = ['no_headers', 'garbage_only', 'error', 'cut', 'close', 'stall', 'bad_chunk'].map(
        (f) => `openai.fault=${f} openai.at=0`,
    );
    const slow = [
        'openai.fault=slow_headers openai.every=60',
        'openai.fault=silent_pings openai.at=0 openai.every=50',
        'openai.first=3000',
    ];
    const sent = await each(client, [...statuses, ...faults, ...slow]);
    await stage.check();
    for (const [script, one] of sent) {
        assert.equal(one.restarts, 0, `${script}: silent`);
        assert.equal(one.end.epoch, 1, script);
        assert.equal(one.end.message.metadata.provider, 'anthropic', script);
        const made = await calls(stage.system, one);
        assert.deepEqual(
            made.map((c) => c.provider),
            ['openai', 'anthropic'],
            script,
        );
        assert.notEqual(made[0].outcome, 'completed', script);
        assert.equal(made[0].tokens_out, 0, `${script}: no text was generated`);
    }
    print(`${sent.size} failures, each answered by the next provider`);
});

scenario(
    'AIRI-26: a failure after the first token sends message_restart and another reply, and records both costs',
    async (stage) => {
        const [client] = await stage.clientsOf(1);
        const broken = [
            'error',
            'cut',
            'close',
            'stall',
            'bad_chunk',
            'big_line',
            'silent_pings openai.every=50',
            'drip openai.every=20',
        ];
        // Paced, so that something has been shown before it breaks, however busy the machine is.
        const sent = await each(
            client,
            broken.map((f) => `tokens=10 rate=50 openai.fault=${f}`),
        );
        await stage.check();
        for (const [script, one] of sent) {
            assert.equal(one.restarts, 1, `${script}: restart`);
            assert.equal(one.end.epoch, 2, script);
            assert.equal(one.end.message.metadata.provider, 'anthropic', script);
            assert.ok(one.epochs[0].text.startsWith('tok0 tok1'), `${script}: the first text`);
            const made = await calls(stage.system, one);
            assert.deepEqual(
                made.map((c) => [c.epoch, c.provider]),
                [
                    [1, 'openai'],
                    [2, 'anthropic'],
                ],
                script,
            );
            assert.ok(made[0].tokens_out > 0 && made[0].cost > 0, `${script}: the aborted call cost something`);
        }
        print(`${sent.size} broken streams, each restarted`);
    },
);

scenario('harmless irregularities of a provider change nothing', async (stage) => {
    const [client] = await stage.clientsOf(1);
    const odd = [
        'double_done',
        'unknown_events',
        'split',
        'crlf',
        'no_space',
        'bom',
        'big_trailer',
        'garbage',
        'deep',
        'no_done',
        'slow_headers every=1',
    ];
    const sent = await each(client, [
        ...odd.map((f) => `tokens=10 fault=${f}`),
        'utf8=1 tokens=12 fault=split',
        'tokens=4000 size=40',
        'usage=none tokens=10',
        'usage=twice_decreasing tokens=10',
        'usage=first tokens=10',
        'usage=with_choices tokens=10',
    ]);
    await stage.check();
    for (const [script, one] of sent) {
        assert.equal(one.restarts, 0, script);
        assert.equal(one.end.message.metadata.provider, 'openai', script);
        assert.equal((await calls(stage.system, one)).length, 1, script);
    }
});

scenario('the third provider answers when two fail, one of them mid-stream', async (stage) => {
    const [client] = await stage.clientsOf(1);
    // Paced, so that the client follows each epoch rather than joining a later one.
    const sent = await each(client, [
        'tokens=10 rate=20 openai.fault=cut anthropic.fault=error',
        'tokens=10 rate=20 openai.status=500 anthropic.fault=cut',
    ]);
    await stage.check();
    const [both, one] = [...sent.values()];
    assert.equal(both.end.message.metadata.provider, 'groq');
    assert.equal(both.end.epoch, 3);
    assert.equal(both.restarts, 2);
    assert.equal(one.end.message.metadata.provider, 'groq');
    assert.equal(one.end.epoch, 2);
});

scenario('a request that every provider would reject fails at once and is not billed', async (stage) => {
    const [client] = await stage.clientsOf(1);
    const sent = await each(client, ['status=400']);
    const rejected = [...sent.values()];
    await stage.check({ expect: (one) => (rejected.includes(one) ? 'failed' : 'completed') });
    assert.equal(rejected[0].end.code, 'prompt_refused');
    assert.deepEqual(
        (await calls(stage.system, rejected[0])).map((c) => c.provider),
        ['openai'],
    );
});

scenario('a message fails when no provider answers, and every call is recorded', async (stage) => {
    const [client] = await stage.clientsOf(1);
    const sent = await each(client, ['status=500']);
    const failed = [...sent.values()];
    await stage.check({ expect: (one) => (failed.includes(one) ? 'failed' : 'completed') });
    assert.equal(failed[0].end.code, 'provider_unavailable');
    const made = await calls(stage.system, failed[0]);
    assert.ok(made.length >= 3 && made.every((c) => c.cost === 0), JSON.stringify(made));
});

scenario('a provider that requests a pause is not called, and the others continue', async (stage) => {
    const { system } = stage;
    const [client] = await stage.clientsOf(1);
    // A new worker, without the failures recorded so far.
    await system.stop('chat-1');
    await system.start('chat-1');
    const [first] = await client.sendAll(orders(1, { script: 'openai.status=429 openai.retry_after=60 tokens=5' }));
    await eventually('it is answered', () => first.ended);
    const rest = await client.sendAll(orders(5, { script: 'tokens=5' }));
    assert.equal(await stage.check(), 6);
    for (const one of rest)
        assert.deepEqual(
            (await calls(system, one)).map((c) => c.provider),
            ['anthropic'],
        );
});

scenario("AIRI-28: with Groq's key alone messages are answered, by the id that Groq accepts", async (stage) => {
    const { system } = stage;
    await system.stop('chat-1');
    await system.start('chat-1', { OPENAI_API_KEY: '', ANTHROPIC_API_KEY: '' });
    const [client] = await stage.clientsOf(1);
    const sent = await client.sendAll(orders(3, { script: 'tokens=3' }));
    assert.equal(await stage.check(), 3);
    for (const one of sent) {
        const { provider, model } = one.end.message.metadata;
        assert.deepEqual([provider, model], ['groq', 'mixtral-8x7b-32768']);
    }
    const asked = await system.stubRequests(sent[0].order.mark);
    assert.deepEqual(
        asked.map((one) => [one.provider, one.model]),
        [['groq', 'openai/gpt-oss-120b']],
    );
});

scenario(
    'AIRI-30 SAAS-32: what one worker knows of a provider is stored, and excludes it for all until it is back',
    async (stage) => {
        const { system } = stage;
        // Longer than this test takes.
        await set(system, 'circuit_open_ms', 300_000);
        await twoWorkers(system);
        const [client] = await stage.clientsOf(1);
        // One conversation is one partition's, so these are one worker's.
        const first = await client.sendAll(orders(1, { script: 'openai.status=500 tokens=2' }));
        await eventually('the first is answered', () => first[0].ended);
        const { conversation_id } = first[0].ids;
        for (let i = 0; i < 2; ++i) {
            const [next] = await client.sendAll(
                orders(1, { script: 'openai.status=500 tokens=2' }).map((order) => ({ ...order, conversation_id })),
            );
            await eventually('it is answered', () => next.ended);
            assert.equal(next.end.message.metadata.provider, 'anthropic');
        }
        const views = () =>
            system.rows(
                `select instance, state, failures, last_error, success_rate, open_until > now() as open
                    from provider_health where provider = 'openai' order by failures desc`,
            );
        const [worker] = await eventually('its view is stored', async () => {
            const rows = await views();
            return rows[0]?.failures === 3 && rows;
        });
        assert.deepEqual([worker.state, worker.last_error, worker.open], ['open', 'provider unavailable', true]);
        assert.ok(worker.success_rate < 0.8);
        await allAnswered(client, 'anthropic');
        assert.equal((await views()).length, 2, 'both workers');
        // Back at once: the pause is over for a new worker in the place of the one that has seen the failures.
        await system.stop(worker.instance);
        await system.start(worker.instance);
        await allAnswered(client, 'openai');
        await stage.check();
    },
);

scenario('SAAS-34: two workers share the requests that a provider allows in a minute', async (stage) => {
    const { system } = stage;
    await twoWorkers(system);
    const [client] = await stage.clientsOf(1);
    await allAnswered(client, 'openai');
    await set(system, 'provider_budgets', { openai: { requests_per_minute: 1 } });
    await allAnswered(client, 'anthropic');
    // A budget that is whole again is still one for both.
    await system.redis('DEL budget:openai');
    const providers = await answering(client);
    assert.equal(providers.filter((one) => one === 'openai').length, 1, providers.join(' '));
    await set(system, 'provider_budgets', {});
    await allAnswered(client, 'openai');
    await stage.check();
});
