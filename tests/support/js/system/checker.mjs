// The invariants of a system, under load and once it is quiet: nothing lost, nothing duplicated, order kept, offsets
// never past unfinished work, no text or secret in a log.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { eventually, pause } from './wait.mjs';
import { grouped } from '../grouped.mjs';

const groups = {
    moderation: 'chat.requested.v1',
    chat: 'chat.screened.v1',
    usage: 'usage.recorded.v1',
    mail: 'email.requested.v1',
};
const ended = new Set(['completed', 'rejected', 'cancelled', 'failed']);
const fixed = 'airi'; // the provider of a reply that no model wrote
const isRefused = ({ state, provider }) => state === 'rejected' && !provider; // the message, not its reply
// Whether the ledger has the message: refused ones and those with a fixed reply are not in it.
const isCounted = (one) => !isRefused(one) && one.provider !== fixed;

// Every record of a topic, in the order of its partitions.
export async function readTopic(system, topic) {
    const ends = await withAdmin(system, (admin) => admin.fetchTopicOffsets(topic));
    const left = new Map(ends.filter((p) => Number(p.high) > Number(p.low)).map((p) => [p.partition, Number(p.high)]));
    const records = [];
    if (left.size === 0) return records;
    const consumer = system.kafka.consumer({ groupId: `tests-${crypto.randomUUID()}`, maxWaitTimeInMs: 100 });
    try {
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        await consumer.run({
            autoCommit: false,
            eachMessage: async ({ partition, message }) => {
                const headers = Object.fromEntries(Object.entries(message.headers).map(([k, v]) => [k, v.toString()]));
                records.push({
                    partition,
                    offset: Number(message.offset),
                    appended: Number(message.timestamp), // ms
                    key: message.key,
                    value: message.value,
                    headers,
                });
                if (Number(message.offset) + 1 >= left.get(partition)) left.delete(partition);
            },
        });
        await eventually(`${topic} is read`, () => left.size === 0, { within: 30_000 });
    } finally {
        await consumer.disconnect();
    }
    return records;
}

export async function withAdmin(system, ask) {
    const admin = system.kafka.admin();
    await admin.connect();
    try {
        return await ask(admin);
    } finally {
        await admin.disconnect();
    }
}

// The number of uncommitted records of each worker.
async function lags(admin) {
    const out = {};
    for (const [group, topic] of Object.entries(groups)) out[group] = await lagOf(admin, group, topic);
    return out;
}

// The number of the topic's records, with those that are tried again, that the group has not committed.
export async function lagOf(admin, group, topic) {
    const topics = [topic, `${topic}-retry`];
    const committed = await admin.fetchOffsets({ groupId: group, topics });
    let lag = 0;
    for (const each of topics) {
        const { partitions } = committed.find((one) => one.topic === each);
        const at = new Map(partitions.map((p) => [p.partition, Number(p.offset)]));
        for (const end of await admin.fetchTopicOffsets(each))
            lag += Number(end.high) - Math.max(at.get(end.partition) ?? 0, Number(end.low));
    }
    return lag;
}

export async function deadLetters(system, topic) {
    return withAdmin(system, async (admin) => {
        const ends = await admin.fetchTopicOffsets(`${topic}-dlt`);
        return ends.reduce((sum, p) => sum + Number(p.high) - Number(p.low), 0);
    });
}

// Waits until every generation has ended and every record is committed.
export async function quiet(system, { within = 60_000 } = {}) {
    await withAdmin(system, async (admin) => {
        let last;
        await eventually(
            'the system is quiet',
            async () => {
                const [{ open }] = await system.rows(
                    "select count(*)::int as open from generations where state in ('queued', 'running')",
                );
                last = { open, ...(await lags(admin)) };
                return Object.values(last).every((n) => n === 0);
            },
            { within, every: 100, describe: () => last },
        );
    });
}

// Samples, while a test runs, the committed offsets and the unfinished work a moment later.
export class OffsetWatch {
    constructor(system) {
        this.system = system;
        this.samples = [];
        this.running = true;
        this.done = this.run();
    }

    async run() {
        const admin = this.system.kafka.admin();
        await admin.connect();
        while (this.running) {
            try {
                const committed = {};
                for (const group of ['moderation', 'chat']) {
                    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [groups[group]] });
                    committed[group] = partitions.map((p) => [p.partition, Number(p.offset)]);
                }
                const rows = await this.system.rows('select id, state from generations');
                this.samples.push({
                    committed,
                    known: new Set(rows.map((r) => r.id)),
                    open: new Set(rows.filter((r) => !ended.has(r.state)).map((r) => r.id)),
                });
            } catch {
                // A server is down, which is the subject of some tests.
            }
            await pause(250);
        }
        await admin.disconnect();
    }

    async check() {
        this.running = false;
        await this.done;
        const at = {};
        for (const group of ['moderation', 'chat']) {
            at[group] = new Map();
            for (const { partition, offset, value } of await readTopic(this.system, groups[group]))
                at[group].set(`${partition}/${offset}`, parsed(value)?.generation_id);
        }
        for (const { committed, known, open } of this.samples)
            for (const [group, list] of Object.entries(committed))
                for (const [partition, next] of list)
                    for (let offset = 0; offset < next; ++offset) {
                        const generation = at[group].get(`${partition}/${offset}`);
                        if (!generation) continue;
                        const finished = group === 'chat' ? !open.has(generation) : known.has(generation);
                        assert.ok(
                            finished,
                            `${group} had committed ${partition}/${next} past ${generation} at ${offset}`,
                        );
                    }
        return this.samples.length;
    }
}

function parsed(value) {
    try {
        return JSON.parse(value.toString());
    } catch {
        return null;
    }
}

// All checks for the messages of these clients. `expect`: a function from a message to its required end;
// `dead`: expected dead letters by topic.
export async function check(
    system,
    clients,
    { expect = () => 'completed', dead = {}, within = 60_000, clientsSeeEnds = true } = {},
) {
    const sent = clients.flatMap((c) => c.all);
    await eventually('every message is acknowledged or rejected', () => sent.every((one) => one.ids || one.rejected), {
        within,
        every: 50,
    });
    const acknowledged = sent.filter((one) => one.ids);
    if (clientsSeeEnds)
        await eventually('every client sees the end of its messages', () => acknowledged.every((one) => one.ended), {
            within,
            every: 50,
            describe: () =>
                acknowledged
                    .filter((one) => !one.ended)
                    .slice(0, 5)
                    .map((one) => [one.ids.generation_id, one.seen]),
        });
    await quiet(system, { within });
    for (const client of clients) assert.deepEqual(client.faults.slice(0, 5), [], 'faults seen by a client');
    for (const program of system.programs.values())
        if (!program.supervised) assert.deepEqual(program.endings, [], `${program.name} exited by itself`);
    await checkDatabase(system, acknowledged, expect);
    await checkRest(system, clients);
    await checkTopics(system, acknowledged, dead);
    checkLogs(system);
    return acknowledged.length;
}

async function checkDatabase(system, acknowledged, expect) {
    const ids = acknowledged.map((one) => one.ids.generation_id);
    assert.equal(new Set(ids).size, ids.length, 'each message has a generation of its own');
    const generations = byId(await system.rows('select * from generations where id = any($1)', [ids]));
    const replies = grouped(
        await system.rows("select * from messages where generation_id = any($1) and role = 'assistant'", [ids]),
        (row) => row.generation_id,
    );
    const billed = grouped(
        await system.rows('select * from usage_log where reference = any($1)', [ids]),
        (row) => row.reference,
    );
    const calls = grouped(
        await system.rows('select * from provider_calls where generation_id = any($1) order by epoch, call', [ids]),
        (row) => row.generation_id,
    );
    for (const one of acknowledged) {
        const id = one.ids.generation_id;
        const g = generations.get(id);
        assert.ok(g, `${id} was acknowledged and is lost`);
        assert.equal(g.state, expect(one), `the end of ${id} (${g.error_code})`);
        const stored = replies.get(id) ?? [];
        assert.equal(stored.length, isRefused(g) ? 0 : 1, `replies of ${id}`);
        const isFixed = g.provider === fixed;
        const messages = (billed.get(id) ?? []).filter((line) => line.resource === 'messages');
        assert.equal(messages.length, isCounted(g) ? 1 : 0, `usage of ${id}`);
        if (isCounted(g)) assert.equal(Number(messages[0].quantity), g.state === 'failed' ? 0 : 1, `messages of ${id}`);
        if (isFixed) assert.deepEqual(calls.get(id) ?? [], [], `calls for the fixed reply ${id}`);
        else if (g.state === 'completed') {
            const last = (calls.get(id) ?? []).at(-1);
            assert.equal(last?.outcome, 'completed', `the last call of ${id}`);
            assert.equal(last.epoch, g.epoch, `the epoch of the last call of ${id}`);
            assert.equal(last.cost_nanousd, g.cost_nanousd, `only the last call of ${id} is billed`);
            // An epoch without a recorded call is work that was paid for and forgotten.
            if (g.epoch > 1) assert.ok(calls.get(id).length > 1, `the aborted calls of ${id} (epoch ${g.epoch})`);
        }
        if (one.ended) checkSeen(one, g, stored[0]);
    }
    await checkOrder(system, ids);
    await checkLedger(system);
}

// Asserts that each call is one line of the ledger and that the daily sums are the sums of the lines.
export async function checkLedger(system) {
    const differing = () =>
        system.rows(`
            select c.generation_id, c.epoch, c.call, c.outcome, c.tokens_in, c.tokens_out, l.outcome as line
            from provider_calls c
            full join (select * from usage_log where provider <> '' and resource <> 'messages') l
                on l.event_id = md5(c.generation_id || '/' || c.epoch || '/' || c.call)::uuid
            where (c.tokens_in, c.tokens_out, c.tokens_cached, c.cost_nanousd, c.outcome, c.generation_id)
                is distinct from (l.tokens_in, l.tokens_out, l.tokens_cached, l.cost_nanousd, l.outcome, l.reference)`);
    let last;
    await eventually('each call is one line of the ledger', async () => (last = await differing()).length === 0, {
        describe: () => last.slice(0, 5),
    });
    const [sums] = await system.rows(`select coalesce(jsonb_agg(d), '[]') as wrong from (
        select user_id, resource, model, day from usage_daily
        full join (select user_id, resource, model, (occurred_at at time zone 'utc')::date as day,
                   count(*) filter (where outcome <> 'replaced') as requests,
                   sum(quantity) as quantity, sum(tokens_in) as tokens_in, sum(tokens_out) as tokens_out,
                   sum(cost_nanousd) as cost_nanousd from usage_log
                   group by 1, 2, 3, 4) l using (user_id, resource, model, day)
        where (usage_daily.requests, usage_daily.quantity, usage_daily.tokens_in, usage_daily.tokens_out,
               usage_daily.cost_nanousd)
            is distinct from (l.requests, l.quantity::bigint, l.tokens_in::bigint, l.tokens_out::bigint,
                              l.cost_nanousd::bigint)) d`);
    assert.deepEqual(sums.wrong, [], 'the daily sums are those of the log');
}

function checkSeen(one, g, reply) {
    const id = g.id;
    assert.equal(one.end.state, g.state, `the end of ${id} at its client`);
    if (isRefused(g)) return;
    assert.equal(one.end.epoch, g.epoch, `the epoch of ${id} at its client`);
    if (g.state === 'failed') return;
    assert.equal(one.end.message.content, reply.content, `the reply to ${id} at its client`);
    const last = one.epochs.at(-1);
    if (last.epoch === g.epoch)
        assert.ok(
            reply.content.startsWith(last.text),
            `${id}: seen ${JSON.stringify(last.text.slice(-60))} of ${JSON.stringify(reply.content.slice(-60))}`,
        );
    const seen = one.epochs.map((e) => e.epoch);
    assert.deepEqual(
        seen,
        [...new Set(seen)].sort((a, b) => a - b),
        `the epochs of ${id}`,
    );
    for (const later of one.epochs.slice(1))
        assert.ok(
            later.by !== 'message_delta' && later.by !== 'message_start',
            `${id}: epoch ${later.epoch} began with ${later.by}`,
        );
}

// The API's view of one message of each client.
async function checkRest(system, clients) {
    const gateway = [...system.programs.values()].find((p) => p.kind === 'gateway' && p.running)?.name;
    for (const client of clients.slice(0, 5)) {
        const one = client.all.findLast((each) => each.ended);
        if (!one) continue;
        const { status, json } = await system.api(
            'GET',
            `/conversations/${one.ids.conversation_id}/messages?limit=100`,
            { token: client.user.token, gateway },
        );
        assert.equal(status, 200);
        const asked = json.data.find((m) => m.id === one.ids.message_id);
        const refused = one.end.state === 'rejected' && !one.end.message;
        const asks = refused || one.end.state === 'failed' ? one.end.state : 'accepted';
        assert.equal(asked?.status, asks, 'the question over REST');
        assert.equal(asked.content, one.order.content);
        const reply = json.data.find((m) => m.id === one.ids.reply_id);
        if (refused) assert.equal(reply, undefined);
        else if (one.end.state !== 'failed') assert.deepEqual(reply, one.end.message, 'the reply over REST');
    }
}

// Replies have the order of their questions.
async function checkOrder(system, ids) {
    const wrong = await system.rows(
        `select id from (
        select id, finished_at,
            lag(finished_at) over (partition by conversation_id order by message_created_at, message_id) as before
        from generations where id = any($1) and epoch > 0) g where before > finished_at`,
        [ids],
    );
    assert.deepEqual(wrong, [], 'replies out of order');
}

async function checkTopics(system, acknowledged, dead) {
    const mine = new Map(acknowledged.map((one) => [one.ids.generation_id, one]));
    const ends = byId(
        await system.rows(
            `select id, state, provider,
                (select count(*)::int from provider_calls c where c.generation_id = g.id) as calls
            from generations g where id = any($1)`,
            [[...mine.keys()]],
        ),
    );
    for (const [topic, field, expected] of [
        ['chat.finished.v1', 'generation_id', ({ state }) => (ended.has(state) ? 1 : 0)],
        ['usage.recorded.v1', 'reference', (one) => (isCounted(one) ? 1 + one.calls : 0)],
    ]) {
        const found = new Map();
        for (const { value, headers } of await readTopic(system, topic)) {
            const id = parsed(value)?.[field];
            if (!id) continue;
            if (!found.has(id)) found.set(id, new Set());
            found.get(id).add(headers.ce_id);
        }
        for (const id of mine.keys())
            assert.equal(found.get(id)?.size ?? 0, expected(ends.get(id)), `${topic}: the events of ${id}`);
    }
    await checkSealed(system, ['chat.requested.v1', 'chat.requested.v1-dlt']);
    for (const topic of Object.values(groups))
        assert.equal(await deadLetters(system, topic), dead[topic] ?? 0, `dead letters of ${topic}`);
}

// Asserts that these topics contain no text of a message that `orders` created; returns the number of records.
export async function checkSealed(system, topics) {
    let seen = 0;
    for (const topic of topics)
        for (const { partition, offset, key, value, headers } of await readTopic(system, topic)) {
            const text = [key, value, JSON.stringify(headers)].join(' ');
            assert.doesNotMatch(text, /canary[0-9a-f]{32}|\[\[stub/, `${topic} ${partition}/${offset} is readable`);
            seen += 1;
        }
    return seen;
}

// Asserts that no log of the system, its servers included, contains a message text, password, key or token.
export function checkLogs(system) {
    for (const file of system.logFiles()) {
        const text = readFileSync(file, 'utf8');
        for (const secret of system.secrets)
            assert.ok(
                !text.includes(secret),
                `${path.basename(file)} holds ${secret.slice(0, 12)}…: ${lineWith(text, secret)}`,
            );
    }
}

const lineWith = (text, secret) =>
    text
        .split('\n')
        .find((line) => line.includes(secret))
        ?.slice(0, 300);
const byId = (rows) => new Map(rows.map((row) => [row.id, row]));
