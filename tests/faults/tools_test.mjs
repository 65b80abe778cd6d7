// Calls of tools by OpenAI's own client and Vercel's AI SDK, through every provider's wire format, and while a provider
// breaks in mid-call, the chat worker dies or the gateway is lost.

import assert from 'node:assert/strict';

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { APIError } from 'openai';

import { caller, tools, withResults } from '../support/js/openai_caller.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults } from '../support/js/scenario.mjs';

const vendors = ['openai', 'anthropic', 'groq', 'ollama'];
const test = withFaults({ chat: 2, providers: vendors });

const argumentsOf = (message) => message.tool_calls.map((call) => JSON.parse(call.function.arguments).text);

test('AIRI-26: tools are called, and their results read, through every format, whole and streamed', async (stage) => {
    for (const vendor of vendors) {
        const { model, completions, request } = await caller(stage, vendor);
        const asked = request('calls=2 tokens=6');
        const whole = await completions.create(asked);
        const [{ finish_reason, message }] = whole.choices;
        assert.equal(whole.model, model, vendor);
        assert.equal(finish_reason, 'tool_calls', vendor);
        assert.deepEqual(argumentsOf(message), ['tok0 tok1 tok2', ' tok3 tok4 tok5'], vendor);
        assert.deepEqual(
            message.tool_calls.map((call) => call.function.name),
            ['weather', 'time'],
        );
        const streamed = await completions.stream(request('calls=2 tokens=6')).finalChatCompletion();
        assert.deepEqual(argumentsOf(streamed.choices[0].message), argumentsOf(message), vendor);
        assert.equal(streamed.choices[0].finish_reason, 'tool_calls');

        const answer = await completions.create(withResults(asked, message));
        assert.equal(answer.choices[0].finish_reason, 'stop');
        assert.match(answer.choices[0].message.content, /^tok0 /);
        const journal = await stage.system.stubRequests(asked.messages[0].content.match(/id=(\S+)/)[1]);
        assert.equal(journal.at(-1).results, 'result 0\nresult 1\n', vendor);
    }
});

test("AIRI-26: Vercel's AI SDK runs the tools that a model calls and goes on with their results", async (stage) => {
    const { user, model } = await caller(stage);
    const vercel = createOpenAICompatible({
        name: 'airi',
        apiKey: user.token,
        baseURL: `${stage.system.url('gateway-1')}/v1`,
    });
    const given = [];
    const weather = tool({
        inputSchema: jsonSchema(tools[0].function.parameters),
        execute: async ({ text }) => given.push(text) && 'sunny',
    });
    const request = () => ({
        model: vercel(model),
        prompt: `Weather? [[stub id=${crypto.randomUUID()} calls=1 tokens=4]]`,
        tools: { weather },
        stopWhen: stepCountIs(3),
        maxRetries: 0,
    });
    const whole = await generateText(request());
    assert.deepEqual(
        whole.steps.map((step) => step.finishReason),
        ['tool-calls', 'stop'],
    );
    assert.match(whole.text, /^tok0 /);
    const streamed = streamText(request());
    assert.match(await streamed.text, /^tok0 /);
    assert.equal((await streamed.steps).length, 2);
    assert.deepEqual(given, ['tok0 tok1 tok2 tok3', 'tok0 tok1 tok2 tok3']);
});

test('AIRI-26: parameters reach the provider, and a model whose provider lacks one is not asked', async (stage) => {
    const { completions, request } = await caller(stage, 'anthropic');
    const parametersOf = async (asked) => {
        const found = await stage.system.stubRequests(asked.messages[0].content.match(/id=(\S+)/)[1]);
        return found.map(({ provider, parameters }) => ({ provider, ...parameters }));
    };
    const plain = request('tokens=2', { tools: undefined, stop: 'END', top_p: 0.5, max_completion_tokens: 9 });
    await completions.create(plain);
    const [claude] = await parametersOf(plain);
    assert.deepEqual(
        [claude.provider, claude.stop_sequences, claude.top_p, claude.max_tokens],
        ['anthropic', ['END'], 0.5, 9],
    );
    const seeded = request('tokens=2', { seed: 7, tool_choice: 'auto' });
    const other = await completions.create(seeded);
    assert.notEqual(other.model, seeded.model, 'the response names the model that answered');
    const asked = await parametersOf(seeded);
    assert.deepEqual(
        asked.map((one) => one.seed),
        [7],
    );
    assert.notEqual(asked[0].provider, 'anthropic');
});

test('AIRI-26: a reply says why it ended', async (stage) => {
    const { user, completions, request } = await caller(stage);
    const cut = await completions.create(request('tokens=9 obey_max_tokens=1', { tools: undefined, max_tokens: 3 }));
    assert.equal(cut.choices[0].finish_reason, 'length');
    assert.equal(cut.usage.completion_tokens, 3);
    const { json } = await stage.system.api('POST', '/conversations', { token: user.token, body: {} });
    const sent = await stage.system.api('POST', `/conversations/${json.data.id}/messages`, {
        token: user.token,
        body: { content: 'Hello [[stub tokens=2]]' },
    });
    assert.equal(sent.json.data.metadata.finish_reason, 'stop');
});

test('AIRI-26: a provider that breaks in mid-call leaves nothing of its call in the answer', async (stage) => {
    const { user, model, completions, request } = await caller(stage);
    const script = 'calls=2 tokens=8 rate=100 openai.fault=cut openai.at=5';
    const { choices, ...whole } = await completions.create(request(script));
    assert.notEqual(whole.model, model);
    assert.deepEqual(argumentsOf(choices[0].message), ['tok0 tok1 tok2 tok3', ' tok4 tok5 tok6 tok7']);
    await assert.rejects(completions.stream(request(script)).finalChatCompletion(), (error) => {
        assert.ok(error instanceof APIError);
        assert.equal(error.code, 'stream_restarted');
        return true;
    });
    await eventually('both replies are stored, with two calls each', async () => {
        const rows = await stage.system.rows(
            `select jsonb_array_length(metadata -> 'tool_calls') as calls from messages
                where user_id = $1 and role = 'assistant'`,
            [user.id],
        );
        return rows.length === 2 && rows.every((row) => row.calls === 2);
    });
});

test('AIRI-26: a call outlives its worker and its gateway, and is billed once', async (stage) => {
    const { system } = stage;
    const { user, openai, completions, request } = await caller(stage);
    const asked = request('calls=1 tokens=60 rate=20');
    const headers = { 'Idempotency-Key': crypto.randomUUID() };
    const lost = completions.create(asked, { headers }).catch((error) => error);
    const owner = await eventually('the call is streaming', async () => {
        const [row] = await system.rows(
            `select split_part(owner, '#', 1) as slot from generations
                where user_id = $1 and state = 'running' and checkpoint_offset is not null`,
            [user.id],
        );
        return row?.slot;
    });
    await system.kill(owner);
    await system.kill('gateway-1');
    assert.ok((await lost) instanceof Error);
    await system.start('gateway-1');
    openai.baseURL = `${system.url('gateway-1')}/v1`;
    // While the reply runs, the key is busy: the client tries again, as 409 and Retry-After say.
    const whole = await completions.create(asked, { headers, maxRetries: 10 });
    assert.equal(whole.choices[0].finish_reason, 'tool_calls');
    assert.equal(argumentsOf(whole.choices[0].message)[0].split(' ').length, 60);
    const again = await completions.create(asked, { headers });
    assert.deepEqual(again.choices, whole.choices, 'the same call, with its id');
    const counts = await system.rows(
        `select (select count(*)::int from messages where user_id = $1 and role = 'assistant') as replies,
            (select epoch from generations where user_id = $1) as epoch`,
        [user.id],
    );
    assert.deepEqual(counts, [{ replies: 1, epoch: 2 }]);
    await eventually('the usage is recorded', async () => {
        const rows = await system.rows('select resource from usage_log where user_id = $1 order by 1', [user.id]);
        // The message, the call of the worker that died, and that of the other one.
        return rows.map((row) => row.resource).join() === 'messages,tokens,tokens';
    });
    await system.start(owner);
    await system.settled({ chat: 2 });
});
