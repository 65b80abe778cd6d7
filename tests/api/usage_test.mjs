// The usage ledger as users and administrators read it, and the jobs that check it.

import assert from 'node:assert/strict';

import { ask, rejected } from '../support/js/raw.mjs';
import { withOwnSystem } from '../support/js/scenario.mjs';
import { appoint } from '../support/js/staff.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withOwnSystem({ providers: ['openai', 'anthropic', 'groq'], memory: 1, notifications: 1 });

const get = (system, user, route) => system.api('GET', route, { token: user.token });
const lines = (system, user) =>
    system.rows('select * from usage_log where user_id = $1 order by resource, occurred_at', [user.id]);

// Sends a message with this script and waits until the ledger has it with all of its calls.
async function talk(system, user, script) {
    const content = `Hello [[stub id=${crypto.randomUUID()} ${script}]]`;
    const { status, json } = await system.api('POST', '/chat/messages', { token: user.token, body: { content } });
    const id = json.data?.generation_id ?? json.error.details.generation_id;
    await eventually('the ledger has its lines', async () => {
        const [{ lines, calls }] = await system.rows(
            `select (select count(*)::int from usage_log where reference = $1) as lines,
                (select count(*)::int from provider_calls where generation_id = $1) as calls`,
            [id],
        );
        return calls > 0 && lines === 1 + calls;
    });
    return { status, json, id, reply: json.data };
}

const runJob = async (system, name) => Number((await system.rows(`select job_${name}() as changed`))[0].changed);

const set = (system, key, value) =>
    system.rows(
        `insert into system_settings (key, value) values ($1, $2::jsonb)
            on conflict (key) do update set value = excluded.value`,
        [key, JSON.stringify(value)],
    );

test('AIRI-31: a receipt shows each call of a reply, the provider’s own figures and the lines of the ledger', async ({
    system,
}) => {
    const user = await system.user('pro');
    const other = await system.user('pro');
    const { reply } = await talk(system, user, 'tokens=6 fault=cut at=2 times=1');
    const { status, json } = await get(system, user, `/messages/${reply.id}/receipt`);
    assert.equal(status, 200);
    const { calls, ledger, ...receipt } = json.data;
    assert.equal(receipt.reply_id, reply.id);
    assert.equal(receipt.state, 'completed');
    // Each provider breaks off once.
    assert.deepEqual(
        calls.map((call) => call.outcome === 'completed'),
        [false, false, false, true],
    );
    const [cut, whole] = [calls[0], calls.at(-1)];
    assert.deepEqual([cut.counted_by, cut.reported, whole.counted_by], ['airi', null, 'provider']);
    assert.deepEqual([cut.tokens_in, cut.tokens_out], [cut.own_tokens_in, cut.own_tokens_out]);
    const reported = Array.isArray(whole.reported) ? whole.reported.at(-1) : whole.reported;
    assert.equal(reported.output_tokens ?? reported.completion_tokens, 6);
    assert.equal(whole.tokens_out, 6);
    const [price] = await system.rows('select * from model_prices where provider = $1 and model = $2', [
        whole.provider,
        whole.model,
    ]);
    assert.equal(whole.price_version, price.version);
    const exact = whole.tokens_in * Number(price.input_price) + whole.tokens_out * Number(price.output_price);
    assert.equal(whole.cost_nanousd, Math.round(exact / 1e6));
    assert.equal(
        receipt.cost_nanousd,
        calls.reduce((sum, call) => sum + call.cost_nanousd, 0),
    );
    assert.deepEqual(ledger.map((line) => line.resource).sort(), ['messages', ...Array(4).fill('tokens')]);
    assert.equal(
        ledger.reduce((sum, line) => sum + line.cost_nanousd, 0),
        receipt.cost_nanousd,
    );
    const question = receipt.message_id;
    assert.deepEqual((await get(system, user, `/messages/${question}/receipt`)).json.data, json.data);
    rejected(await get(system, other, `/messages/${reply.id}/receipt`), 404, 'NOT_FOUND');
    rejected(await get(system, user, '/messages/nonsense/receipt'), 404, 'NOT_FOUND');
});

test('AIRI-31: a reply that fails is in the ledger with every call and counts as no message', async ({ system }) => {
    const user = await system.user('free');
    const { status, id } = await talk(system, user, 'status=400 code=bad');
    assert.equal(status, 503);
    const found = await system.rows('select resource, outcome, quantity::int from usage_log where reference = $1', [
        id,
    ]);
    assert.deepEqual(
        found.filter((line) => line.resource === 'messages'),
        [{ resource: 'messages', outcome: 'failed', quantity: 0 }],
    );
    assert.ok(found.every((line) => line.outcome !== 'completed'));
    const { resources } = (await get(system, user, '/usage/summary')).json.data;
    assert.equal(resources.find((one) => one.resource === 'messages').used, 1, 'it counts against the quota');
});

test('AIRI-31: the price list refuses a negative price', async ({ system }) => {
    for (const column of ['input_price', 'output_price', 'cached_price', 'cache_write_price', 'reasoning_price'])
        await assert.rejects(
            system.rows(`update model_prices set ${column} = -1`),
            /violates check constraint/,
            column,
        );
});

test('AIRI-39 AIRI-42: reports have what was used by day, model and feature, as JSON and CSV', async ({ system }) => {
    const user = await system.user('pro');
    const idle = await system.user('pro');
    const sent = [await talk(system, user, 'tokens=5'), await talk(system, user, 'tokens=7')];
    await eventually('the titles are counted', async () => {
        const resources = (await lines(system, user)).map((line) => line.resource);
        return resources.filter((one) => one === 'titles').length >= 2;
    });
    const report = async (query, who = user) => (await get(system, who, `/usage/report${query}`)).json.data;
    const { from, to, rows } = await report('');
    const today = new Date().toISOString().slice(0, 10);
    assert.equal(to, today);
    assert.equal(Date.parse(to) - Date.parse(from), 29 * 86_400_000);
    assert.equal(rows.length, 1);
    assert.equal(rows[0].day, today);
    const { sums } = rows[0];
    assert.equal(sums.messages, 2);
    const all = await lines(system, user);
    const total = (name) => all.reduce((sum, line) => sum + Number(line[name]), 0);
    for (const name of ['tokens_in', 'tokens_out', 'cost_nanousd']) assert.equal(sums[name], total(name), name);
    const features = Object.fromEntries((await report('?group_by=feature')).rows.map((row) => [row.feature, row.sums]));
    assert.deepEqual(Object.keys(features).sort(), ['chat', 'titles']);
    assert.equal(features.chat.tokens_out, 12);
    assert.equal(features.chat.calls, 2);
    assert.equal(features.titles.messages, 0);
    const models = (await report('?group_by=model')).rows;
    assert.ok(models.some((row) => row.model === sent[0].reply.metadata.model && row.sums.messages === 2));
    const csv = await ask(system.program('gateway-1').port, {
        path: '/api/v1/usage/report?group_by=all&format=csv',
        token: user.token,
    });
    assert.match(csv.headers['content-type'], /^text\/csv/);
    const [head, ...records] = csv.text.trimEnd().split('\r\n');
    assert.equal(
        head,
        'day,feature,model,messages,calls,tokens_in,tokens_out,tokens_cached,tokens_reasoning,cost_nanousd',
    );
    assert.equal(
        records.reduce((sum, one) => sum + Number(one.split(',').at(-1)), 0),
        total('cost_nanousd'),
    );
    assert.deepEqual((await report('?group_by=feature', idle)).rows, []);
    for (const bad of ['?from=2026-02-01&to=2026-01-01', '?from=2020-01-01&to=2026-01-01', '?from=x', '?group_by=hour'])
        assert.ok([400, 422].includes((await get(system, user, `/usage/report${bad}`)).status), bad);
});

test('AIRI-39: the summary counts the conversations of the day, the deleted ones too', async ({ system }) => {
    const user = await system.user('pro');
    await system.rows("insert into plan_limits values ('pro', 'conversations', 'day', 20) on conflict do nothing");
    const made = [];
    for (let i = 0; i < 3; ++i)
        made.push((await system.api('POST', '/conversations', { token: user.token, body: {} })).json.data.id);
    await system.api('DELETE', `/conversations/${made[0]}`, { token: user.token });
    const { used } = await eventually('the plan has the limit', async () => {
        const { resources } = (await get(system, user, '/usage/summary')).json.data;
        return resources.find((one) => one.resource === 'conversations');
    });
    assert.equal(used, 3);
    await system.rows("delete from plan_limits where plan = 'pro' and resource = 'conversations'");
});

test('STATEX-48 AIRI-42: calls and mails use the budget, and administrators are told at 80 and 100 %', async ({
    system,
}) => {
    await set(system, 'mail_cost_nanousd', 500_000);
    const user = await system.user('pro');
    const mails = async () =>
        (await system.rows("select user_id, cost_nanousd from usage_log where resource = 'emails'")).filter(
            (line) => line.cost_nanousd === '500000',
        );
    await eventually('the mail of the sign-up is counted', async () => (await mails()).length > 0);
    const { rowCount } = await system.database.query('select from users where id = $1', [(await mails())[0].user_id]);
    assert.equal(rowCount, 0, 'a mail is the operator’s');
    await talk(system, user, 'tokens=5');
    const admin = await system.user('pro');
    rejected(await get(system, admin, '/admin/usage'), 403, 'FORBIDDEN');
    await appoint(system, admin, 'admin', [system.program('gateway-1').port]);
    const costs = async () => (await get(system, admin, '/admin/usage?days=2')).json.data;
    assert.equal((await costs()).budget.budget_nanousd, null);
    await runJob(system, 'budget');
    assert.deepEqual((await costs()).budget.warnings, []);
    // A cent is 10,000,000 nano-dollars.
    await system.rows(
        `insert into usage_daily (user_id, day, resource, cost_nanousd)
            values ($1, (now() at time zone 'utc')::date, 'pictures', 8000000)`,
        [user.id],
    );
    await set(system, 'monthly_budget_cents_usd', 1);
    await runJob(system, 'budget');
    const { budget, by_day, models } = await costs();
    assert.equal(budget.budget_nanousd, 10_000_000);
    assert.ok(budget.cost_nanousd >= 8_000_000);
    assert.equal(budget.warnings[0].percent, 80);
    assert.ok(by_day.some((row) => row.feature === 'emails' && row.sums.cost_nanousd >= 500_000));
    assert.ok(models.some((one) => one.provider_tokens_out >= 5 && one.own_tokens_out > 0));
    assert.ok(models.some((one) => one.latency_ms_p95 >= one.latency_ms_p50 && one.latency_ms_p50 >= 0));
    await runJob(system, 'budget');
    await system.rows("update usage_daily set cost_nanousd = 10000000 where resource = 'pictures'");
    await runJob(system, 'budget');
    await runJob(system, 'budget');
    assert.deepEqual(
        (await costs()).budget.warnings.map((one) => one.percent),
        [80, 100],
    );
    const notices = async () =>
        (await get(system, admin, '/notifications')).json.data.filter((one) => one.kind === 'budget');
    await eventually('both are told', async () => (await notices()).length === 2);
    assert.match((await notices()).map((one) => one.title).join(), /100 %.*80 %|80 %.*100 %/);
});

test('AIRI-40: reconciliation brings a lost line and a wrong sum back', async ({ system }) => {
    const user = await system.user('pro');
    const { id } = await talk(system, user, 'tokens=5');
    const sums = () =>
        system.rows(
            `select resource, model, requests, quantity, tokens_in, tokens_out, cost_nanousd from usage_daily
                where user_id = $1 and resource in ('messages', 'tokens') order by 1, 2`,
            [user.id],
        );
    const right = await sums();
    await system.rows("delete from usage_log where reference = $1 and resource = 'tokens'", [id]);
    await system.rows(
        "update provider_calls set created_at = created_at - interval '11 minutes' where generation_id = $1",
        [id],
    );
    await system.rows("delete from usage_daily where user_id = $1 and resource = 'tokens'", [user.id]);
    await system.rows("update usage_daily set quantity = 99 where user_id = $1 and resource = 'messages'", [user.id]);
    assert.ok((await runJob(system, 'usage_reconciliation')) >= 2, 'a line and a sum');
    await eventually('the line is counted', async () => (await sums()).length === right.length);
    assert.deepEqual(await sums(), right);
    assert.equal(await runJob(system, 'usage_reconciliation'), 0, 'nothing is wrong any more');
});

test('AIRI-35: a reply that ends after midnight is settled on the day of its message', async ({ system }) => {
    const user = await system.user('free');
    const [{ day, at }] = await system.rows(`
        select ((now() at time zone 'utc')::date - 1)::text as day,
            date_trunc('day', now() at time zone 'utc') at time zone 'utc' - interval '1 second' as at`);
    const [generation, message] = [crypto.randomUUID(), crypto.randomUUID()];
    await system.rows('insert into message_quota (user_id, day, message_id, tokens) values ($1, $2, $3, 2000)', [
        user.id,
        day,
        message,
    ]);
    await system.rows(
        `insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, state, epoch)
            values ($1, gen_random_uuid(), $2, $3, $4, gen_random_uuid(), 'running', 1)`,
        [generation, user.id, message, at],
    );
    await system.rows(
        `select generations_finish(array[$1::uuid], array[1], array['completed'], array['Hi'], array[null::text],
            array['openai'], array['gpt'], array[10::bigint], array[20::bigint], array[5::bigint], array[1::bigint],
            array[2], array['[]'::jsonb], array[false], array[0], array['{}'::jsonb], array[''])`,
        [generation],
    );
    const left = await system.rows(
        'select day::text, tokens::int, settled from message_quota where user_id = $1 order by day',
        [user.id],
    );
    assert.deepEqual(left, [{ day, tokens: 30, settled: true }]);
});
