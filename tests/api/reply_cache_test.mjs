// Deterministic replies are cached for five minutes for the user who asked; everything works without the cache.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { withSystem } from '../support/js/scenario.mjs';

const scenario = withSystem();

// One completion of the /v1 API; its text, and how often the provider was called for that mark until then.
async function complete(system, user, mark, more = {}) {
    const body = {
        model: 'gpt-3.5-turbo',
        messages: [{ role: 'user', content: `${mark} [[stub tokens=6]]` }],
        temperature: 0,
        ...more,
    };
    const answer = await fetch(`${system.url()}/v1/chat/completions`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${user.token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return { text, json: body.stream ? null : JSON.parse(text), calls: (await system.stubRequests(mark)).length };
}

const mark = () => `canary${crypto.randomUUID().replaceAll('-', '')}`;
const textOf = (one) => one.json.choices[0].message.content;

scenario(
    'AIRI-32: an equal request is answered from the cache, streamed or not, and costs nothing',
    async ({ system }) => {
        const user = await system.user();
        const about = mark();
        const first = await complete(system, user, about);
        const second = await complete(system, user, about);
        assert.deepEqual([first.calls, second.calls], [1, 1]);
        assert.equal(textOf(second), textOf(first));
        assert.deepEqual(second.json.usage, first.json.usage);
        const streamed = await complete(system, user, about, { stream: true });
        assert.equal(streamed.calls, 1);
        const chunks = streamed.text
            .split('\n')
            .filter((line) => line.startsWith('data: {'))
            .map((line) => JSON.parse(line.slice(6)));
        assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join(''), textOf(first));
        const bills = () =>
            system.rows(
                `select outcome, quantity::int from usage_log where user_id = $1 and resource = 'messages'
                    order by occurred_at`,
                [user.id],
            );
        await eventually('all are billed', async () => (await bills()).length === 3);
        assert.deepEqual((await bills()).slice(1), Array(2).fill({ outcome: 'cached', quantity: 1 }));
        const [{ cost, lines }] = await system.rows(
            `select sum(cost_nanousd)::int as cost, count(*)::int as lines from usage_log
                where user_id = $1 and resource = 'tokens'`,
            [user.id],
        );
        assert.ok(cost > 0 && lines === 1, 'a cached reply costs nothing');
        const replies = await system.rows(
            "select metadata from messages where user_id = $1 and role = 'assistant' order by created_at",
            [user.id],
        );
        assert.deepEqual(
            replies.map((one) => one.metadata.cached ?? false),
            [false, true, true],
        );
        const [{ n }] = await system.rows('select count(*)::int as n from provider_calls where user_id = $1', [
            user.id,
        ]);
        assert.equal(n, 1);
        const keys = await system.redis('KEYS reply:*');
        assert.ok(!keys.includes(about) && !keys.includes(user.id), 'a name reveals nothing');
    },
);

scenario('AIRI-32: another user, temperature, prompt, length or tools each miss the cache', async ({ system }) => {
    const [a, b] = await system.users(2);
    const about = mark();
    let calls = 0;
    const made = async (user, more) => {
        assert.equal((await complete(system, user, about, more)).calls, ++calls, JSON.stringify(more));
    };
    await made(a);
    await made(b);
    await made(a, { max_tokens: 50 });
    await made(a, { top_p: 0.9 });
    await made(a, { tools: [{ type: 'function', function: { name: 'f' } }] });
    for (let i = 0; i < 2; ++i) {
        await made(a, { temperature: 0.7 });
        await made(a, { temperature: null });
    }
    await made(a, {
        messages: [
            { role: 'system', content: 'Rhyme.' },
            { role: 'user', content: `${about} [[stub tokens=6]]` },
        ],
    });
    assert.equal((await complete(system, a, about)).calls, calls, 'the first one is still cached');
    assert.equal((await complete(system, a, about, { top_p: 1 })).calls, calls);
});

scenario(
    'AIRI-32: an entry expires after five minutes, is lost with Redis and is disabled by the profile',
    async ({ system }) => {
        const user = await system.user();
        const about = mark();
        await complete(system, user, about);
        const key = (await system.redis('KEYS reply:*'))
            .split('\r\n')
            .filter((line) => line.startsWith('reply:'))
            .at(-1);
        const left = Number((await system.redis(`TTL ${key}`)).slice(1));
        assert.ok(left > 280 && left <= 300, String(left));
        await system.redis('FLUSHALL');
        assert.equal((await complete(system, user, about)).calls, 2);
        await system.kill('redis');
        assert.equal((await complete(system, user, about)).calls, 3, 'answered without the cache');
        await system.start('redis');
        await eventually('it is cached again', async () => {
            const one = mark();
            return (await complete(system, user, one)).calls === 1 && (await complete(system, user, one)).calls === 1;
        });
        await system.rows("update system_settings set value = '0' where key = 'reply_cache_seconds'");
        await eventually(
            'the worker has processed it',
            async () => {
                const one = mark();
                return (
                    (await complete(system, user, one)).calls === 1 && (await complete(system, user, one)).calls === 2
                );
            },
            { every: 500 },
        );
    },
);
