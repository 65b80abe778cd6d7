// The usage ledger beside the provider's own, after everything that breaks a call off.

import assert from 'node:assert/strict';

import { dice, faultsSeed, shuffled } from '../support/js/dice.mjs';
import { caller, withResults } from '../support/js/openai_caller.mjs';
import { callsOf, checkCall, estimate, pairsOf, promptOf } from '../support/js/provider_ledger.mjs';
import { grouped } from '../support/js/grouped.mjs';
import { checkLedger } from '../support/js/system/checker.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print } from '../support/js/scenario.mjs';

const test = withFaults({ chat: 3, providers: ['openai', 'anthropic', 'groq'] });

const scripts = [
    'tokens=20 rate=40',
    'tokens=12 usage=with_choices',
    'tokens=15 rate=30 usage=twice_decreasing',
    'tokens=9 rate=60 usage=none',
    'tokens=12 rate=60 fault=cut at=6 times=1',
    'tokens=14 rate=60 openai.fault=cut openai.at=5',
    'tokens=10 rate=60 fault=error at=5 times=1',
    'tokens=10 rate=60 fault=close at=7 times=1',
    'tokens=7 status=503 times=1',
    'tokens=11 openai.status=503 groq.status=503',
];
const aborted = ['tokens=2000 rate=40', 'tokens=2000 rate=60 fault=cut at=9 times=1'];
const endless = 'tokens=6000 rate=30'; // cancelled when all has been killed
const asking = [
    'calls=2 tokens=6 rate=60',
    'calls=1 tokens=9 rate=60 usage=none',
    'calls=2 tokens=8 rate=60 openai.fault=cut openai.at=5',
    'calls=1 tokens=5 fault=error at=4 times=1',
    'calls=3 tokens=7 status=503 times=1',
];

// So many failures would exclude every provider.
async function forgiveProviders(system) {
    await system.rows(
        `insert into system_settings (key, value) values ('circuit_failures', '100')
            on conflict (key) do update set value = excluded.value`,
    );
    const restart = async (name) => {
        await system.stop(name);
        await system.start(name);
    };
    await Promise.all(['chat-1', 'chat-2', 'chat-3'].map(restart));
    await system.settled({ chat: 3 });
}

// One message of each script, in a random order; the client cancels those that are to be aborted once a few pieces have
// come.
async function converse(client, throwDice) {
    const all = shuffled([...scripts, ...scripts, ...aborted, ...aborted], throwDice);
    const work = all.map((script) => ({ script, after: aborted.includes(script) ? 1 + throwDice(6) : 0 }));
    const sent = [];
    const aborts = [];
    for (const { script, after } of work) {
        const [one] = await client.sendAll(orders(1, { script }), { every: 60 });
        sent.push(one);
        one.aborted = after > 0;
        if (after > 0)
            aborts.push(
                eventually('the reply streams', () => one.deltas >= after, { within: 60_000 }).then(() =>
                    client.cancel(one),
                ),
            );
    }
    await Promise.all(aborts);
    return sent;
}

// Conversations over /v1 in which the model calls tools, and then answers with their results. Returns their
// generations.
async function callTools(stage) {
    const { completions, request } = await caller(stage);
    const generations = [];
    for (const script of asking) {
        const asked = request(script);
        const id = asked.messages[0].content.match(/id=(\S+)/)[1];
        const ask = (body) =>
            completions.create(body, { headers: { 'Idempotency-Key': crypto.randomUUID() }, maxRetries: 10 });
        const called = await ask(asked);
        const [{ message, finish_reason }] = called.choices;
        assert.equal(finish_reason, 'tool_calls', script);
        const answer = await ask(withResults(asked, message));
        assert.equal(answer.choices[0].finish_reason, 'stop', script);
        for (const [{ id: name }, results] of [
            [called, false],
            [answer, true],
        ])
            generations.push({
                id: name.replace('chatcmpl-', ''),
                calls: message.tool_calls.length,
                isOf: (one) => one.last_user.includes(id) && (one.results !== '') === results,
            });
    }
    return generations;
}

// Replies of a companion that uses a tool: its model is called twice for one reply.
async function useTools({ system }) {
    const { token } = await system.user();
    const post = async (path, body) => {
        const { status, json } = await system.api('POST', path, { token, body });
        assert.equal(status, 201, JSON.stringify(json));
        return json.data;
    };
    const companion = await post('/companions', { name: 'Ada', personality: 'Kind.', tools: ['calculator'] });
    const generations = [];
    for (const fault of ['', 'fault=error at=4 times=1', 'status=503 times=1']) {
        const id = crypto.randomUUID();
        const conversation = await post('/conversations', { companion_id: companion.id });
        const content = `1+1 [[stub id=${id} calls=1 argument=expression tokens=6 rate=60 ${fault}]]`;
        const reply = await post(`/conversations/${conversation.id}/messages`, { content });
        assert.equal(reply.metadata.tool_runs.length, 1);
        generations.push({ id: reply.metadata.generation_id, calls: 1, isOf: (one) => one.last_user.includes(id) });
    }
    return generations;
}

// Chooses the chat worker that writes most of these endless replies, and notes in `stored` what its heartbeats have
// stored of each. A worker that was chosen before, and is gone, may still have a lease.
const chooseWorker = (system, endlessOnes, stored) =>
    eventually('a worker has stored what its calls cost', async () => {
        const rows = await system.rows(
            `select id, epoch, tokens_out::int, split_part(owner, '#', 1) as slot from generations
                where id = any($1) and state = 'running' and tokens_out > 0`,
            [endlessOnes.map((one) => one.ids.generation_id)],
        );
        const held = rows.filter(({ id, epoch }) => !stored.has(`${id}/${epoch}`));
        const [most] = [...grouped(held, (row) => row.slot).values()].sort((a, b) => b.length - a.length);
        for (const { id, epoch, tokens_out } of most ?? []) stored.set(`${id}/${epoch}`, tokens_out);
        return most && { slot: most[0].slot, held: most };
    });

// Kills two chat workers and the usage worker, then freezes a chat worker until others have taken its replies over.
async function breakWorkers(system, endlessOnes, throwDice) {
    const stored = new Map(); // by generation and epoch: the tokens of a call whose worker then died
    const lines = async () =>
        (await system.rows("select count(*)::int as n from usage_log where resource = 'tokens'"))[0].n;
    for (const kind of ['chat', 'usage', 'chat']) {
        const before = await lines();
        const more = 3 + throwDice(15);
        await eventually('the ledger grows', async () => (await lines()) > before + more);
        const name = kind === 'chat' ? (await chooseWorker(system, endlessOnes, stored)).slot : 'usage-1';
        await system.kill(name);
        await system.start(name);
    }
    const { slot, held } = await chooseWorker(system, endlessOnes, stored);
    system.pause(slot);
    const ids = held.map((row) => row.id);
    const now = () => system.rows('select id, epoch from generations where id = any($1)', [ids]);
    await eventually('other workers have taken over', async () => {
        const epochs = new Map((await now()).map(({ id, epoch }) => [id, epoch]));
        return held.every(({ id, epoch }) => epochs.get(id) > epoch);
    });
    system.resume(slot);
    const replaced = () =>
        system.rows("select from provider_calls where outcome = 'replaced' and generation_id = any($1)", [ids]);
    await eventually('the estimates are replaced', async () => (await replaced()).length >= ids.length);
    return stored;
}

// The journal, once every request in it has ended.
const finishedJournal = (system) =>
    eventually('every request has ended', async () => {
        const all = await system.stubRequests();
        return all.every((one) => one.finished) && all;
    });

// The least output of a call, by our count: the text that its client saw, or that its worker stored before it died.
function reachedOf(call, sent, stored) {
    if (call.call === -1) return stored.get(`${call.generation_id}/${call.epoch}`) ?? 0;
    return estimate(sent?.epochs.find((one) => one.epoch === call.epoch)?.text ?? '');
}

// Checks the calls of one generation against the requests for it, and counts them by kind.
function checkGeneration({ sent, calls: toolCalls = 0 }, calls, requests, { stored, counts, where }) {
    for (const pair of pairsOf(calls, requests, where)) {
        const { call, request } = pair;
        const prompt = sent && promptOf(sent.order.content);
        const kind = checkCall(pair, { reached: reachedOf(call, sent, stored), prompt, where }) ? 'exact' : 'estimated';
        counts[kind] += 1;
        counts[`${kind}Tokens`] += call.tokens_in + call.tokens_out;
        if (call.outcome === 'cancelled' && request.client_gone) counts.aborts += 1;
        if (/fault=cut/.test(request.script) && call.outcome === 'reply interrupted') counts.cuts += 1;
        if (call.call === -1 && call.tokens_out > 0) counts.died += 1;
    }
    const last = calls.at(-1);
    if (last.outcome === 'cancelled' && last.epoch === sent.epoch)
        assert.equal(last.own_out, estimate(sent.end.message.content), `${where}: what has come out is counted`);
    for (const one of calls.filter((call) => call.outcome === 'replaced')) {
        assert.deepEqual([one.call, one.tokens_in, one.tokens_out, one.cost_nanousd], [-1, 0, 0, 0], where);
        const instead = calls.filter((call) => call.epoch === one.epoch && call.call >= 0);
        assert.ok(instead.length > 0, `${where}: epoch ${one.epoch} has its own worker's count`);
        counts.replaced += 1;
    }
    const providers = new Set(calls.map((call) => call.provider).filter((provider) => provider !== 'unknown'));
    if (providers.size > 1) counts.failovers += 1;
    counts.toolCalls += toolCalls;
}

test('AIRI-40: the ledger equals its provider’s after cuts, aborts, fail-overs, tool calls, kills', async (stage) => {
    const { system } = stage;
    const seed = faultsSeed();
    const throwDice = dice(seed);
    print(`seed ${seed}`);
    await forgiveProviders(system);
    const clients = await stage.clientsOf(6);
    const first = await Promise.all(clients.map((client) => client.sendAll(orders(1, { script: endless }))));
    const endlessOnes = first.flat();
    await eventually('the endless replies stream', () => endlessOnes.every((one) => one.deltas > 1));
    const talking = Promise.all(clients.map((client) => converse(client, throwDice)));
    const calling = Promise.all([1, 2, 3].map(() => callTools(stage)));
    const stored = await breakWorkers(system, endlessOnes, throwDice);
    const messages = [...endlessOnes, ...(await talking).flat()];
    const withTools = (await calling).flat();
    for (const [i, one] of endlessOnes.entries()) {
        one.aborted = true;
        clients[i].cancel(one);
    }
    await stage.check({ expect: (one) => (one.aborted ? 'cancelled' : 'completed') });
    withTools.push(...(await useTools(stage)));
    await checkLedger(system); // each call is one line, and the days' sums are those of the lines

    const ofMessages = messages.map((sent) => ({
        sent,
        id: sent.ids.generation_id,
        isOf: (one) => one.last_user.includes(sent.order.mark),
    }));
    const generations = [...ofMessages, ...withTools];
    const journal = await finishedJournal(system);
    const ids = generations.map((one) => one.id);
    const calls = grouped(await callsOf(system, ids), (call) => call.generation_id);
    const kinds = ['exact', 'estimated', 'aborts', 'cuts', 'failovers', 'toolCalls', 'died', 'replaced'];
    const counts = Object.fromEntries(
        [...kinds, 'exactTokens', 'estimatedTokens', 'requests'].map((kind) => [kind, 0]),
    );
    for (const one of generations) {
        const requests = journal.filter(one.isOf);
        counts.requests += requests.length;
        checkGeneration(one, calls.get(one.id), requests, { stored, counts, where: `seed ${seed}, ${one.id}` });
    }
    print(JSON.stringify(counts));
    assert.equal(counts.requests, journal.length, `seed ${seed}: every request in the journal is of a message`);
    const [logged] = await system.rows(
        `select count(*)::int as lines, sum(tokens_in + tokens_out)::int as tokens from usage_log
            where resource = 'tokens'`,
    );
    const lines = [...calls.values()].flat().length;
    assert.deepEqual(logged, { lines, tokens: counts.exactTokens + counts.estimatedTokens }, `seed ${seed}`);
    const least = {
        exact: 80,
        estimated: 80,
        aborts: 20,
        cuts: 20,
        failovers: 20,
        toolCalls: 20,
        died: 1,
        replaced: 1,
    };
    for (const [kind, count] of Object.entries(least))
        assert.ok(counts[kind] >= count, `seed ${seed}: ${kind}: ${counts[kind]} of at least ${count}`);
});
