// Unchanged clients of /v1 other than OpenAI's for Node, which has clients_test.mjs: Vercel's AI SDK, LangChain and
// OpenAI's for Python, whole replies and streamed ones. Tool calls go below, by client.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText } from 'ai';

import { check } from '../support/js/harness.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pythonWith } from './python.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const here = path.dirname(fileURLToPath(import.meta.url));
const api = new Api(url);
const { access_token: token } = await api.signup(system, freshEmail('chat'), 'a long enough password');
const offered = await (await fetch(`${url}/v1/models`, { headers: { Authorization: `Bearer ${token}` } })).json();
const model = offered.data.find(({ id }) => id.startsWith('simulated'))?.id ?? offered.data[0].id;

// --- Vercel's AI SDK

const vercel = createOpenAICompatible({ name: 'airi', apiKey: token, baseURL: `${url}/v1`, includeUsage: true });
const asked = (prompt) => ({ model: vercel(model), system: 'You are brief.', prompt, maxRetries: 0 });

await check("Vercel's AI SDK: a reply is whole, with its usage and the reason for its end", async () => {
    const { text, usage, finishReason, response } = await generateText(asked('What is a river?'));
    assert.match(text, /What is a river\?/);
    assert.equal(finishReason, 'stop');
    assert.equal(response.modelId, model);
    assert.ok(usage.inputTokens > 0 && usage.outputTokens > 0, JSON.stringify(usage));
});

await check("Vercel's AI SDK: a stream has pieces that add up to the reply, and its usage", async () => {
    const stream = streamText(asked('What is a mill?'));
    const pieces = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    assert.ok(pieces.length >= 3, `${pieces.length} pieces`);
    assert.equal(pieces.join(''), await stream.text);
    assert.match(await stream.text, /What is a mill\?/);
    assert.equal(await stream.finishReason, 'stop');
    assert.ok((await stream.usage).outputTokens > 0);
});

await check("Vercel's AI SDK: an unknown model is an error with the server's message", async () => {
    await assert.rejects(generateText({ ...asked('Hello'), model: vercel('no-such-model') }), (error) => {
        assert.equal(error.statusCode, 404, String(error));
        assert.match(error.responseBody, /model_not_found/);
        return true;
    });
});

// --- LangChain and OpenAI's client, in Python

async function run(client) {
    const program = [path.join(here, 'chat_clients.py'), client, `${url}/v1`, model];
    const env = { ...process.env, OPENAI_API_KEY: token, LANGSMITH_TRACING: 'false' };
    const { stdout } = await promisify(execFile)(pythonWith('clients_requirements.txt'), program, {
        env,
        timeout: 180_000,
    });
    return JSON.parse(stdout);
}

function assertChat({ whole, reason, tokens, pieces, stream_tokens, unknown }) {
    assert.match(whole, /What is a river\?/);
    assert.equal(reason, 'stop');
    assert.ok(tokens > 0);
    assert.ok(pieces.length >= 3, `${pieces.length} pieces`);
    assert.match(pieces.join(''), /What is a mill\?/);
    assert.ok(stream_tokens > 0);
    assert.match(unknown, /NotFoundError .*404 .*no-such-model/);
}

await check('LangChain: replies are whole or streamed, with usage, and an unknown model is an error', async () =>
    assertChat(await run('langchain')),
);

await check("OpenAI's client for Python: the same", async () => assertChat(await run('openai')));
