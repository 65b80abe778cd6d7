// Unchanged clients: the openai SDK and ws. The last checks of the SDK make the provider fail.

import assert from 'node:assert/strict';
import OpenAI, { APIError, AuthenticationError, BadRequestError, NotFoundError } from 'openai';
import WebSocket from 'ws';

import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const { system, url } = await pageSystem();
const api = new Api(url);
const { access_token: token } = await api.signup(system, freshEmail('clients'), 'a long enough password');

// --- openai

const openai = new OpenAI({ apiKey: token, baseURL: `${url}/v1`, maxRetries: 0 });
const ask = (text) => [
    { role: 'system', content: 'You are brief.' },
    { role: 'user', content: text },
];
let model = '';

await check('openai: models.list and models.retrieve return the models', async () => {
    const ids = [];
    for await (const one of openai.models.list()) {
        assert.equal(one.object, 'model');
        assert.ok(one.owned_by);
        ids.push(one.id);
    }
    model = ids.find((id) => id.startsWith('simulated')) ?? ids[0];
    assert.ok(model, 'no model at all');
    assert.equal((await openai.models.retrieve(model)).id, model);
});

await check('openai: a completion returns the reply and its usage', async () => {
    const got = await openai.chat.completions.create({ model, messages: ask('What is a river?') });
    assert.equal(got.object, 'chat.completion');
    assert.equal(got.model, model);
    assert.equal(got.choices.length, 1);
    assert.equal(got.choices[0].finish_reason, 'stop');
    assert.equal(got.choices[0].message.role, 'assistant');
    assert.match(got.choices[0].message.content, /What is a river\?/);
    assert.ok(got.usage.prompt_tokens > 0 && got.usage.completion_tokens > 0);
    assert.equal(got.usage.total_tokens, got.usage.prompt_tokens + got.usage.completion_tokens);
});

await check("openai: a stream's chunks share one id and add up to the reply", async () => {
    const stream = await openai.chat.completions.create({ model, messages: ask('What is a mill?'), stream: true });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
    assert.ok(chunks.every((chunk) => chunk.object === 'chat.completion.chunk' && chunk.choices.length === 1));
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    const pieces = chunks.map((chunk) => chunk.choices[0].delta.content ?? '').filter(Boolean);
    assert.ok(pieces.length >= 3, `${pieces.length} pieces`);
    assert.match(pieces.join(''), /What is a mill\?/);
});

await check('openai: stream_options.include_usage adds a last chunk with usage and no choices', async () => {
    const stream = await openai.chat.completions.create({
        model,
        messages: ask('What is a bridge?'),
        stream: true,
        stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const last = chunks.pop();
    assert.deepEqual(last.choices, []);
    assert.ok(last.usage.total_tokens > 0);
    assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens);
    assert.ok(chunks.every((chunk) => chunk.usage === null));
});

await check('openai: the stream helper assembles the same text', async () => {
    const stream = openai.chat.completions.stream({ model, messages: ask('What is a wheel?') });
    const pieces = [];
    stream.on('content', (piece) => pieces.push(piece));
    assert.equal(pieces.join(''), '');
    const text = await stream.finalContent();
    assert.equal(pieces.join(''), text);
    assert.match(text, /What is a wheel\?/);
});

await check('openai: max_tokens shortens the reply', async () => {
    const got = await openai.chat.completions.create({ model, max_tokens: 5, messages: ask('What is a long story?') });
    assert.ok(got.usage.completion_tokens <= 5, `${got.usage.completion_tokens} tokens`);
});

async function raised(kind, act) {
    try {
        await act();
    } catch (error) {
        assert.ok(error instanceof kind, `${error.constructor.name}: ${error.message}`);
        return error;
    }
    throw new Error(`nothing was raised, ${kind.name} was expected`);
}

await check('openai: a wrong key raises an AuthenticationError', async () => {
    const stranger = new OpenAI({ apiKey: 'sk-wrong', baseURL: `${url}/v1`, maxRetries: 0 });
    const error = await raised(AuthenticationError, () => stranger.models.list());
    assert.equal(error.status, 401);
});

await check('openai: an unknown model raises a NotFoundError with the code model_not_found', async () => {
    const error = await raised(NotFoundError, () =>
        openai.chat.completions.create({ model: 'no-such-model', messages: ask('Hello') }),
    );
    assert.equal(error.code, 'model_not_found');
});

await check('openai: missing messages raise a BadRequestError', async () => {
    const error = await raised(BadRequestError, () => openai.chat.completions.create({ model }));
    assert.match(error.message, /messages/);
});

// --- ws

class Socket {
    constructor(options = { protocols: ['airi.v1', `bearer.${token}`] }) {
        this.frames = [];
        const { protocols = [], headers = {} } = options;
        this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, protocols, { headers });
        this.socket.on('message', (text) => this.frames.push(JSON.parse(text)));
        this.opened = new Promise((resolve, reject) => {
            this.socket.on('open', resolve);
            this.socket.on('unexpected-response', (_, answer) => reject(new Error(`status ${answer.statusCode}`)));
            this.socket.on('error', reject);
        });
    }

    say(type, data = {}, id = undefined) {
        this.socket.send(JSON.stringify({ type, id, data }));
    }

    next(type, fits = () => true) {
        return eventually(`a frame ${type}`, () => this.frames.find((frame) => frame.type === type && fits(frame)));
    }

    async send(content) {
        const client_message_id = crypto.randomUUID();
        this.say('message_send', { client_message_id, content });
        return (await this.next('message_accepted', ({ data }) => data.client_message_id === client_message_id)).data;
    }

    of({ generation_id }) {
        return this.frames.filter((frame) => frame.data.generation_id === generation_id && 'epoch' in frame.data);
    }
}

const assertInOrder = (frames) => {
    for (let i = 1; i < frames.length; ++i) {
        const [a, b] = [frames[i - 1].data, frames[i].data];
        assert.ok(b.epoch > a.epoch || (b.epoch === a.epoch && b.offset > a.offset), `${JSON.stringify([a, b])}`);
    }
};
const spoken = (frames) =>
    frames.reduce((text, { type, data }) => {
        if (type === 'message_snapshot') return data.content;
        if (type === 'message_start' || type === 'message_restart') return '';
        return type === 'message_delta' ? text + data.content : text;
    }, '');
// The last of the text may arrive with the final frame only.
const assertBegins = (frames, whole) => assert.ok(spoken(frames) && whole.startsWith(spoken(frames)), spoken(frames));

const longText =
    'Tell me about the river, the old mill beside it, the people who worked there in winter, and the bridge from ' +
    'which one sees it all when the fog has gone.';
let finished = null;

await check('ws: the server selects the subprotocol and answers a ping', async () => {
    const one = new Socket();
    await one.opened;
    assert.equal(one.socket.protocol, 'airi.v1');
    one.say('ping', {}, 'p1');
    assert.equal((await one.next('pong')).id, 'p1');
    one.socket.close();
});

await check('ws: the Authorization header works too, and a wrong token is rejected with 401', async () => {
    const one = new Socket({ headers: { Authorization: `Bearer ${token}` } });
    await one.opened;
    one.socket.close();
    await assert.rejects(new Socket({ protocols: ['airi.v1', 'bearer.wrong'] }).opened, /401/);
});

await check('SAAS-23: ws: a message is accepted, streams in order and ends with the stored text', async () => {
    const one = new Socket();
    await one.opened;
    const ids = await one.send('Hello from a socket.');
    const { data } = await one.next('message_complete', (frame) => frame.data.generation_id === ids.generation_id);
    const frames = one.of(ids);
    assert.equal(frames[0].type, 'message_start');
    assertInOrder(frames);
    assert.equal(data.message.id, ids.reply_id);
    assertBegins(frames, data.message.content);
    const stored = await api.messages(ids.conversation_id);
    assert.deepEqual(
        stored.map((message) => message.role),
        ['user', 'assistant'],
    );
    assert.equal(stored[1].content, data.message.content);
    finished = ids;
    one.socket.close();
});

await check('SAAS-59: ws: a message sent twice is answered once', async () => {
    const one = new Socket();
    await one.opened;
    const data = { client_message_id: crypto.randomUUID(), content: 'Only once, please.' };
    one.say('message_send', data, 'first');
    one.say('message_send', data, 'second');
    await eventually(
        'both are accepted',
        () => one.frames.filter((frame) => frame.type === 'message_accepted').length === 2,
    );
    const [a, b] = one.frames.filter((frame) => frame.type === 'message_accepted');
    assert.deepEqual(a.data, b.data);
    await one.next('message_complete');
    assert.equal((await api.messages(a.data.conversation_id)).length, 2);
    one.socket.close();
});

await check('ws: a cancelled reply ends as cancelled, with the text that was shown', async () => {
    const one = new Socket();
    await one.opened;
    const ids = await one.send(longText);
    await one.next('message_delta');
    one.say('message_cancel', { generation_id: ids.generation_id });
    const { data } = await one.next('message_cancelled');
    assert.equal(data.message.status, 'cancelled');
    assert.equal(spoken(one.of(ids)), data.message.content);
    assert.ok(!one.frames.some((frame) => frame.type === 'message_complete'));
    one.socket.close();
});

await check('SAAS-59: ws: a second connection resumes where the first one broke', async () => {
    const first = new Socket();
    await first.opened;
    const ids = await first.send(longText);
    await eventually('some text', () => first.of(ids).filter((frame) => frame.type === 'message_delta').length >= 3);
    first.socket.terminate();
    const head = first.of(ids);
    const { epoch, offset } = head.at(-1).data;
    const second = new Socket();
    await second.opened;
    second.say('resume', { generation_id: ids.generation_id, epoch, offset });
    assert.equal((await second.next('resumed')).data.recovered, true);
    const { data } = await second.next('message_complete');
    const all = [...head, ...second.of(ids)];
    assertInOrder(all);
    assertBegins(all, data.message.content);
    second.socket.close();
});

await check('ws: resuming without a known position returns the whole reply', async () => {
    const one = new Socket();
    await one.opened;
    one.say('resume', { generation_id: finished.generation_id, epoch: 0, offset: -1 });
    const { data } = await one.next('message_complete');
    assert.equal(data.message.id, finished.reply_id);
    one.socket.close();
});

await check('ws: an unknown frame gets an error, and the connection stays open', async () => {
    const one = new Socket();
    await one.opened;
    one.say('no_such_type', {}, 'x1');
    assert.equal((await one.next('error')).data.ref, 'x1');
    one.say('resume', { generation_id: crypto.randomUUID(), epoch: 0, offset: -1 }, 'x2');
    await one.next('error', (frame) => frame.data.ref === 'x2');
    one.say('ping');
    await one.next('pong');
    one.socket.close();
});

// --- openai again, with a provider that fails

await check('openai: an error mid-stream is raised', async () => {
    const stream = await openai.chat.completions.create({
        model,
        messages: ask('[[simulate cut]] What is a storm?'),
        stream: true,
    });
    let text = '';
    const error = await raised(APIError, async () => {
        for await (const chunk of stream) text += chunk.choices[0].delta.content ?? '';
    });
    assert.ok(text.length > 0, 'it failed before its first word');
    assert.ok(error.message, 'the error says nothing');
});
