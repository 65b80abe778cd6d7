// A day's tokens under concurrency and death.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print } from '../support/js/scenario.mjs';

const test = withFaults({ gateways: 3, chat: 3, providers: ['openai', 'anthropic', 'groq'] });

const sum = (rows, of) => rows.reduce((total, row) => total + Number(of(row)), 0);

// Gives a plan a limit of tokens a day (saas has none of its own).
async function limitTokens(system, plan, tokens) {
    await system.rows(
        `insert into plan_limits values ($1, 'tokens', 'day', $2)
            on conflict (plan, resource, period) do update set amount = excluded.amount`,
        [plan, tokens],
    );
}

const knowsLimit = (system, { token }, gateway) =>
    eventually('the gateway knows the limit', async () => {
        const { json } = await system.api('GET', '/usage/summary', { token, gateway });
        return json.data.resources.some((one) => one.resource === 'tokens');
    });

test('AIRI-35: 64 clients at 3 gateways and 3 workers exceed neither 10,000 tokens nor 50 messages', async (stage) => {
    const { system } = stage;
    await limitTokens(system, 'free', 10_000);
    const [{ context_tokens }] = await system.rows("select context_tokens from plans where id = 'free'");
    const gateways = ['gateway-1', 'gateway-2', 'gateway-3'];
    for (const tokens of [60, 400]) {
        const user = await system.user('free');
        for (const gateway of gateways) await knowsLimit(system, user, gateway);
        const post = (n) =>
            system.api('POST', '/chat/messages', {
                token: user.token,
                body: { content: `Hello [[stub id=${tokens}-${n} tokens=${tokens} obey_max_tokens=1]]` },
                gateway: gateways[n % 3],
            });
        let rows;
        let accepted = 0;
        let tooShort = 0; // for which the rest of the day's tokens does not do
        for (let round = 0; ; ++round) {
            assert.ok(round < 200, 'the limits are reached');
            const answers = await Promise.all(Array.from({ length: 64 }, (_, i) => post(round * 64 + i)));
            accepted += answers.filter((one) => one.status === 201).length;
            tooShort += answers.filter((one) => /do not suffice/.test(one.json.error?.message)).length;
            for (const one of answers.filter((each) => each.status !== 201)) {
                assert.equal(one.status, 429, JSON.stringify(one.json));
                assert.ok(['QUOTA_EXCEEDED', 'RATE_LIMITED'].includes(one.json.error.code));
            }
            rows = await system.rows('select tokens::int, settled from message_quota where user_id = $1', [user.id]);
            assert.ok(sum(rows, (row) => row.tokens) <= 10_000, 'never more than the limit');
            assert.ok(rows.length <= 50);
            if (answers.every((one) => one.status === 429)) break;
        }
        assert.ok(rows.every((row) => row.settled));
        assert.equal(rows.length, accepted + tooShort);
        const used = sum(rows, (row) => row.tokens);
        const [replies] = await system.rows(
            'select sum(tokens_in + tokens_out)::int as tokens from generations where user_id = $1',
            [user.id],
        );
        assert.equal(used, replies.tokens, 'the quota is what the replies used');
        if (tokens === 60) assert.deepEqual([accepted, tooShort], [50, 0]);
        else assert.ok(used > 10_000 - context_tokens, `${used} tokens`);
        print(`${accepted} messages with ${used} of 10,000 tokens`);
    }
    await system.rows("delete from plan_limits where plan = 'free' and resource = 'tokens'");
});

test('AIRI-35: a reply ends where the day’s tokens end, whether its provider obeys or not', async (stage) => {
    const { system } = stage;
    await limitTokens(system, 'pro', 120);
    for (const script of ['tokens=400 rate=400 obey_max_tokens=1', 'tokens=4000 rate=400']) {
        const user = await system.user('pro');
        await knowsLimit(system, user, 'gateway-1');
        const body = { content: `Hello [[stub id=${crypto.randomUUID()} ${script}]]` };
        const { status, json } = await system.api('POST', '/chat/messages', { token: user.token, body });
        assert.equal(status, 201, JSON.stringify(json));
        assert.equal(json.data.metadata.finish_reason, 'quota');
        assert.ok(json.data.content.length > 0);
        const next = await system.api('POST', '/chat/messages', { token: user.token, body: { content: 'more' } });
        assert.equal(next.status, 429);
        assert.equal(next.json.error.code, 'QUOTA_EXCEEDED');
        assert.match(next.json.error.message, /120 tokens/);
        assert.ok(Number(next.headers.get('retry-after')) > 0);
    }
    await system.rows("delete from plan_limits where plan = 'pro' and resource = 'tokens'");
});

test('AIRI-35: a reply under way keeps what it has reserved when its user changes the plan', async (stage) => {
    const { system } = stage;
    await limitTokens(system, 'free', 10_000);
    const client = await stage.client({ plan: 'free' });
    await knowsLimit(system, client.user, 'gateway-1');
    const [one] = await client.sendAll(orders(1, { script: 'tokens=40 rate=20' }));
    await eventually('it streams', () => one.deltas > 1);
    const reserved = () =>
        system.rows('select tokens::int, settled from message_quota where user_id = $1', [client.user.id]);
    const [{ context_tokens }] = await system.rows("select context_tokens from plans where id = 'free'");
    assert.deepEqual(await reserved(), [{ tokens: context_tokens, settled: false }]);
    await system.rows("update users set plan = 'pro' where id = $1", [client.user.id]);
    await eventually('it is answered', () => one.ended);
    assert.equal(await stage.check(), 1);
    const { tokens_in, tokens_out, finish_reason } = one.end.message.metadata;
    assert.equal(finish_reason, 'stop');
    assert.deepEqual(await reserved(), [{ tokens: tokens_in + tokens_out, settled: true }]);
    await system.rows("delete from plan_limits where plan = 'free' and resource = 'tokens'");
});

test('AIRI-35: messages go on while Redis is away, and the day’s tokens hold', async (stage) => {
    const { system } = stage;
    await limitTokens(system, 'pro', 120);
    const user = await system.user('pro');
    await knowsLimit(system, user, 'gateway-1');
    const post = (script) =>
        system.api('POST', '/chat/messages', {
            token: user.token,
            body: { content: `Hello [[stub id=${crypto.randomUUID()} ${script}]]` },
            headers: { Prefer: 'wait=0' },
        });
    await system.kill('redis');
    assert.equal((await post('tokens=400 obey_max_tokens=1')).status, 202);
    const used = async () =>
        (await system.rows('select tokens::int, settled from message_quota where user_id = $1', [user.id]))[0];
    await eventually('it is answered', async () => (await used()).settled);
    assert.ok((await used()).tokens > 60 && (await used()).tokens <= 120, JSON.stringify(await used()));
    await system.start('redis');
    await system.rows("delete from plan_limits where plan = 'pro' and resource = 'tokens'");
});
