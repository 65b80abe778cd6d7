// Derived from a conversation by a model, beside its replies: a title, and a summary of what exceeds the prompt.
// Neither delays a reply, neither is generated twice, and replies work without either.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withSystem } from '../support/js/scenario.mjs';

const scenario = withSystem({ memory: 1 });

const conversation = async (system, id) => (await system.rows('select * from conversations where id = $1', [id]))[0];
const bills = (system, user, resource) =>
    system.rows(
        `select provider, model, outcome, cost_nanousd::int as cost, reference from usage_log
            where user_id = $1 and resource = $2`,
        [user.id, resource],
    );
const updates = (client) =>
    client.others.filter((frame) => frame.type === 'conversation_updated').map((frame) => frame.data.conversation);

// Whether the worker has finished every turn so far.
async function allHandled(system) {
    const text = await (await fetch(`http://127.0.0.1:${system.program('memory-1').port}/metrics`)).text();
    const [{ n }] = await system.rows('select count(*)::int as n from generations');
    return Number(text.match(/^airi_worker_records_handled_total\{worker="memory"\} (\d+)$/m)[1]) === n;
}

async function sendTurn(client, script, more = {}) {
    const [one] = await client.sendAll(orders(1, { script, ...more }));
    await eventually('it is answered', () => one.ended);
    assert.equal(one.end.state, 'completed');
    return one;
}

scenario(
    'AIRI-19: the cheapest model names a conversation after its first turn; devices see it, no quota pays for it',
    async (stage) => {
        const { system } = stage;
        const client = await stage.client({ plan: 'free' });
        const other = await stage.client({ gateways: ['gateway-2'] }, client.user);
        const one = await sendTurn(client, 'tokens=3');
        const id = one.ids.conversation_id;
        await eventually('a title is there', async () => (await conversation(system, id)).title === 'tok0 tok1 tok2');
        await eventually('both devices know', () =>
            [client, other].every((each) => updates(each).at(-1)?.title === 'tok0 tok1 tok2'),
        );
        assert.equal(updates(other).at(-1).id, id);
        const [bill, ...more] = await eventually('it is billed', async () => {
            const found = await bills(system, client.user, 'titles');
            return found.length > 0 && found;
        });
        assert.deepEqual(
            [bill.provider, bill.model, bill.outcome, more.length],
            ['openai', 'gpt-4o-mini', 'completed', 0],
        );
        const calls = await system.rows(
            'select outcome, cost_nanousd::int as cost from provider_calls where generation_id = $1',
            [bill.reference],
        );
        assert.deepEqual(calls, [{ outcome: 'completed', cost: bill.cost }]);
        const [{ n }] = await system.rows('select count(*)::int as n from message_quota where user_id = $1', [
            client.user.id,
        ]);
        assert.equal(n, 1);
        const asked = await system.stubRequests(one.order.mark);
        assert.equal(asked.length, 2);
        assert.ok(Date.parse(asked[1].started) >= Date.parse(asked[0].finished), 'only after the reply');
        await sendTurn(client, 'tokens=2', { conversation: id });
        await sendTurn(client, 'tokens=2', { conversation: id });
        assert.equal((await conversation(system, id)).title, 'tok0 tok1 tok2');
        assert.equal((await bills(system, client.user, 'titles')).length, 1, 'one title a conversation');
        assert.equal(await stage.check(), 3);
    },
);

scenario("AIRI-19: a user's own title always stays, and none is generated where titles are disabled", async (stage) => {
    const { system } = stage;
    const client = await stage.client();
    const { token } = client.user;
    const api = async (method, path, body) => (await system.api(method, path, { token, body })).json.data;
    const named = (await api('POST', '/conversations', { title: 'Mine' })).id;
    await sendTurn(client, 'tokens=3', { conversation: named });
    // The user names it while the model is generating another title.
    const slow = await sendTurn(client, 'tokens=3 first=1500');
    const renamed = slow.ids.conversation_id;
    await eventually('the model is called', async () => (await system.stubRequests(slow.order.mark)).length === 2);
    await api('PATCH', `/conversations/${renamed}`, { title: 'Mine too' });
    await eventually('its answer is there', async () => (await bills(system, client.user, 'titles')).length === 1);
    assert.equal((await conversation(system, named)).title, 'Mine');
    assert.equal((await conversation(system, renamed)).title, 'Mine too');
    await system.rows("update system_settings set value = 'false' where key = 'auto_title'");
    const off = await sendTurn(client, 'tokens=3');
    await eventually('the worker has processed it', () => allHandled(system), { every: 200 });
    await system.rows("update system_settings set value = 'true' where key = 'auto_title'");
    const last = await sendTurn(client, 'tokens=4');
    await eventually(
        'the next one has a title',
        async () => (await conversation(system, last.ids.conversation_id)).titled_by === 'model',
    );
    const first = await conversation(system, off.ids.conversation_id);
    assert.equal(first.titled_by, 'words');
    assert.equal(first.title, off.order.content.slice(0, 60));
    await stage.check();
});

scenario('AIRI-19: a worker killed during its request produces one title and one usage record', async (stage) => {
    const { system } = stage;
    const client = await stage.client();
    const sent = await client.sendAll(orders(5, { script: 'tokens=3 first=1500' }));
    await eventually('all are answered', () => sent.every((one) => one.ended));
    const asked = async (one) => (await system.stubRequests(one.order.mark)).length;
    await eventually('titles are requested', async () => (await Promise.all(sent.map(asked))).every((n) => n === 2));
    await system.kill('memory-1');
    for (const one of sent) assert.equal((await conversation(system, one.ids.conversation_id)).titled_by, 'words');
    await system.start('memory-1');
    const rows = () => system.rows('select title, titled_by from conversations where user_id = $1', [client.user.id]);
    await eventually('all have one', async () => (await rows()).every((row) => row.titled_by === 'model'), {
        within: 30_000,
    });
    assert.deepEqual(
        (await rows()).map((row) => row.title),
        Array(5).fill('tok0 tok1 tok2'),
    );
    await eventually('five bills', async () => (await bills(system, client.user, 'titles')).length === 5);
    const [{ n }] = await system.rows(
        `select count(*)::int as n from provider_calls p join usage_log l on l.reference = p.generation_id
            where l.resource = 'titles' and l.user_id = $1`,
        [client.user.id],
    );
    assert.equal(n, 5);
    await stage.check();
});

scenario('AIRI-19: a summary replaces what exceeds the prompt and forgets deleted messages', async (stage) => {
    const { system } = stage;
    const client = await stage.client();
    const before = await system.rows("select context_tokens, reply_tokens from plans where id = 'pro'");
    await system.rows("update plans set context_tokens = 1000, reply_tokens = 100 where id = 'pro'");
    const { id } = (await system.api('POST', '/conversations', { token: client.user.token, body: { title: 'Long' } }))
        .json.data;
    const turn = () => sendTurn(client, 'tokens=20', { conversation: id });
    const all = [];
    await eventually(
        'the oldest turns are folded',
        async () => {
            all.push(await turn());
            return (await conversation(system, id)).summary;
        },
        { within: 60_000 },
    );
    const { summary, summary_until } = await conversation(system, id);
    assert.ok(summary.startsWith('tok0 tok1'), summary);
    const promptOf = async (one) =>
        (await system.stubRequests(one.order.mark)).filter((r) => r.last_user.startsWith(one.order.mark)).at(-1);
    const next = await turn();
    const prompt = await promptOf(next);
    assert.ok(prompt.system.endsWith(`What was said before, in short:\n${summary}`), prompt.system);
    const [{ n }] = await system.rows(
        'select count(*)::int as n from messages where conversation_id = $1 and created_at > $2',
        [id, summary_until],
    );
    assert.ok(prompt.messages < n && prompt.messages > 4, `${prompt.messages} turns of ${n}`);
    await eventually('it is billed', async () => (await bills(system, client.user, 'summaries')).length > 0);
    const [bill] = await bills(system, client.user, 'summaries');
    assert.deepEqual([bill.model, bill.outcome], ['gpt-4o-mini', 'completed']);
    const deleted = all[0].ids.message_id;
    assert.equal(
        (await system.api('DELETE', `/conversations/${id}/messages/${deleted}`, { token: client.user.token })).status,
        200,
    );
    // At once, unless the last turn's fold is late and has already written another one.
    const folded = async () => (await system.stubRequests('(nothing yet)')).map((r) => r.last_user);
    if ((await conversation(system, id)).summary !== null)
        assert.ok(!(await folded()).at(-1).includes(all[0].order.mark), 'a summary without the deleted message');
    await eventually('it is generated again', async () => (await turn()) && (await conversation(system, id)).summary, {
        within: 60_000,
    });
    const folds = await folded();
    assert.ok(
        folds.length >= 2 && folds[0].includes(all[0].order.mark) && !folds.at(-1).includes(all[0].order.mark),
        folds.join('\n'),
    );
    await system.rows("update plans set context_tokens = $1, reply_tokens = $2 where id = 'pro'", [
        before[0].context_tokens,
        before[0].reply_tokens,
    ]);
    await stage.check();
});
