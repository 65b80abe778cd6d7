// Bad requests: each gets its own clear error, and a well-behaved user is served as before.

import assert from 'node:assert/strict';

import { withBystander, conversationOf } from '../support/js/bystander.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const bad = withBystander();

const unknownId = '00000000-0000-7000-8000-000000000000';
const deep = (n, open = '[', shut = ']') => open.repeat(n) + shut.repeat(n);

bad('a body that is not a JSON object is rejected with a message that says so', async ({ port, alice }) => {
    const cases = [
        ['{"content":', 400, /not JSON/],
        ['{"content":"a"} x', 400, /not JSON/],
        ['{"content":"a",}', 400, /not JSON/],
        ["{'content':'a'}", 400, /not JSON/],
        ['{"content":NaN}', 400, /not JSON/],
        ['{"content":1e400}', 400, /not JSON/],
        ['{"content":01}', 400, /not JSON/],
        ['{"content":"\u0001"}', 400, /not JSON/],
        [Buffer.from('{"content":"\0"}'), 400, /not JSON/],
        [Buffer.from('{"content":"\xff\xfe"}', 'latin1'), 400, /not JSON/],
        [Buffer.from('{"content":"\xc0\xaf"}', 'latin1'), 400, /not JSON/],
        [Buffer.from('{"content":"\xed\xa0\x80"}', 'latin1'), 400, /not JSON/],
        ['{"content":"\\ud800"}', 400, /not JSON/],
        [`{"content":${deep(100)}}`, 400, /too deeply/],
        [deep(3_500), 400, /too deeply/],
        [deep(1_000, '{"a":', '}').replace('}', '1}'), 400, /too deeply/],
        ['[]', 422, /JSON object/],
        ['"text"', 422, /JSON object/],
        ['null', 422, /JSON object/],
        ['5', 422, /JSON object/],
    ];
    const id = (await conversationOf(port, alice.token)).id;
    for (const [body, status, naming] of cases) {
        for (const path of [`/api/v1/conversations/${id}/messages`, '/api/v1/chat/messages', '/api/v1/conversations'])
            rejected(await ask(port, { method: 'POST', path, token: alice.token, body }), status, null, naming);
        rejected(await ask(port, { method: 'POST', path: '/api/v1/auth/login', body }), status, null, naming);
        rejected(
            await ask(port, { method: 'POST', path: '/v1/chat/completions', token: alice.token, body }),
            400,
            null,
            naming,
        );
    }
});

bad('AIRI-13: a wrong, missing, unknown or duplicate field is reported with its pointer', async ({ port, alice }) => {
    const id = (await conversationOf(port, alice.token)).id;
    const messages = `/api/v1/conversations/${id}/messages`;
    const wrong = [1, true, [], {}, ['a'], { a: 1 }];
    const cases = [
        ...wrong.map((value) => [messages, { content: value }, '/content']),
        ...wrong.map((value) => [messages, { content: 'a', client_message_id: value }, '/client_message_id']),
        ...wrong.map((value) => [messages, { content: 'a', model: value }, '/model']),
        ...wrong.map((value) => [
            '/api/v1/chat/messages',
            { content: 'a', conversation_id: value },
            '/conversation_id',
        ]),
        ...wrong.map((value) => ['/api/v1/chat/messages', { content: 'a', companionId: value }, '/companionId']),
        ...wrong.flatMap((value) =>
            ['title', 'companion_id', 'model', 'system_prompt'].map((name) => [
                '/api/v1/conversations',
                { [name]: value },
                `/${name}`,
            ]),
        ),
        [messages, {}, '/content'],
        [messages, { content: '' }, '/content'],
        [messages, { content: ' \n\t ' }, '/content'],
        [messages, { content: null }, '/content'],
        [messages, { content: 'a\0b' }, '/content'],
        [messages, { content: 'a', client_message_id: 'x\0' }, '/client_message_id'],
        [messages, { content: 'a', model: '\0' }, '/model'],
        [messages, { content: 'a'.repeat(33_000) }, '/content'],
        [messages, { content: 'ä'.repeat(32_001) }, '/content'],
        [messages, { content: 'a', client_message_id: 'x'.repeat(101) }, '/client_message_id'],
        [messages, { content: 'a', model: 'x'.repeat(101) }, '/model'],
        [messages, { content: 'a', model: 'no-such-model' }, '/model'],
        [messages, { content: 'a', role: 'system' }, '/role'],
        [messages, { content: 'a', user_id: alice.id }, '/user_id'],
        [messages, { content: 'a', 'a/b~c': 1 }, '/a~1b~0c'],
        ['/api/v1/conversations', { title: 'a', user_id: unknownId }, '/user_id'],
        ['/api/v1/conversations', { title: 'x'.repeat(201) }, '/title'],
        ['/api/v1/conversations', { title: 'x\0' }, '/title'],
        ['/api/v1/conversations', { system_prompt: 'x'.repeat(8_001) }, '/system_prompt'],
        ['/api/v1/conversations', { companion_id: "' or 1=1 --" }, '/companion_id'],
        ['/api/v1/chat/messages', { content: 'a', conversation_id: "'; drop table users; --" }, '/conversation_id'],
        ['/api/v1/auth/signup', {}, '/email'],
        ['/api/v1/auth/signup', { email: 5, password: [] }, '/password'],
        ['/api/v1/auth/signup', { email: 'a@example.com', password: 'long enough', role: 'admin' }, '/role'],
        ['/api/v1/auth/signup', { email: 'a@example.com', password: 'long enough', plan: 'pro' }, '/plan'],
        ['/api/v1/auth/signup', { email: 'a@example.com', password: 'long enough', metadata: [] }, '/metadata'],
        [
            '/api/v1/auth/signup',
            { email: 'a@example.com', password: 'long enough', metadata: { a: ['\0'] } },
            '/metadata/a/0',
        ],
        ['/api/v1/auth/signup', { email: 'a@example.com', password: 'long enough', display_name: '' }, '/display_name'],
        [
            '/api/v1/auth/signup',
            { email: 'a@example.com', password: 'long enough', display_name: 'x'.repeat(101) },
            '/display_name',
        ],
        ['/api/v1/auth/login', { email: 'a@example.com' }, '/password'],
        ['/api/v1/auth/login', { email: 'a@example.com', password: 'x'.repeat(1025) }, '/password'],
        ['/api/v1/auth/refresh', {}, '/refresh_token'],
        ['/api/v1/auth/refresh', { refresh_token: 7 }, '/refresh_token'],
    ];
    for (const [path, json, pointer] of cases) {
        const answer = await ask(port, { method: 'POST', path, token: alice.token, json });
        rejected(answer, 422, 'VALIDATION_FAILED');
        assert.ok(
            answer.json.error.details.some((fault) => fault.pointer === pointer && fault.message),
            `${pointer}: ${answer.text}`,
        );
    }
    const twice = await ask(port, {
        method: 'POST',
        path: messages,
        token: alice.token,
        body: '{"content":"a","content":"b"}',
    });
    rejected(twice, 422, 'VALIDATION_FAILED', /more than once/);
});

bad('a body of another content type or encoding is rejected', async ({ port, alice }) => {
    const types = [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/jsonp',
        'text/json',
        '',
    ];
    for (const type of types) {
        const answer = await ask(port, {
            method: 'POST',
            path: '/api/v1/conversations',
            token: alice.token,
            body: '{}',
            headers: { 'Content-Type': type },
        });
        rejected(answer, 415, 'UNSUPPORTED_MEDIA_TYPE', /json/);
    }
    for (const type of ['application/json;charset=utf-8', 'Application/JSON', 'application/json ; x=y']) {
        const answer = await ask(port, {
            method: 'POST',
            path: '/api/v1/conversations',
            token: alice.token,
            body: '{}',
            headers: { 'Content-Type': type },
        });
        assert.equal(answer.status, 201, `${type}: ${answer.text}`);
    }
    for (const encoding of ['gzip', 'br', 'deflate', 'gzip, identity']) {
        const answer = await ask(port, {
            method: 'POST',
            path: '/api/v1/conversations',
            token: alice.token,
            body: '\x1f\x8b',
            headers: { 'Content-Encoding': encoding },
        });
        rejected(answer, 415, 'UNSUPPORTED_MEDIA_TYPE', /ncoded/);
    }
});

bad('33,000 characters of text are rejected, 32,000 are accepted', async ({ port, alice, system }) => {
    const id = (await conversationOf(port, alice.token)).id;
    const send = (content) =>
        ask(port, {
            method: 'POST',
            path: `/api/v1/conversations/${id}/messages`,
            token: alice.token,
            json: { content },
        });
    rejected(await send('a'.repeat(33 * 1024)), 422, 'VALIDATION_FAILED', /32000/);
    rejected(await send('a'.repeat(600 * 1024)), 413, 'PAYLOAD_TOO_LARGE');
    const marker = '[[stub tokens=2]] ';
    assert.equal((await send(marker + '字 '.repeat(((32_000 - marker.length) / 2) | 0))).status, 201);
    const stored = await system.rows('select count(*)::int as n from messages where conversation_id = $1', [id]);
    assert.equal(stored[0].n, 2, 'rejected messages are not stored');
});

bad("STATEX-39: the OpenAI endpoints reject in OpenAI's error format", async ({ port, alice }) => {
    const user = { role: 'user', content: 'hi [[stub tokens=2]]' };
    const good = { model: 'gpt-3.5-turbo', messages: [user] };
    const cases = [
        [{}, 400],
        [{ model: 5, messages: [user] }, 400],
        [{ ...good, model: 'no-such' }, 404],
        [{ ...good, model: "x' or '1" }, 404],
        [{ model: 'gpt-3.5-turbo' }, 400],
        [{ ...good, messages: [] }, 400],
        [{ ...good, messages: {} }, 400],
        [{ ...good, messages: ['hi'] }, 400],
        [{ ...good, messages: [{ role: 'root', content: 'x' }] }, 400],
        [{ ...good, messages: [{ role: 'system', content: 'x' }] }, 400],
        [{ ...good, messages: [{ role: 'user', content: 5 }] }, 400],
        [{ ...good, n: 2 }, 400],
        [{ ...good, stream: 'yes' }, 400],
        [{ ...good, stream: 1 }, 400],
        [{ ...good, stream_options: true }, 400],
        [{ ...good, temperature: 'hot' }, 400],
        [{ ...good, temperature: -1 }, 400],
        [{ ...good, temperature: 2.1 }, 400],
        [{ ...good, max_tokens: 0 }, 400],
        [{ ...good, max_tokens: 1.5 }, 400],
        [{ ...good, max_tokens: 1e30 }, 400],
        [{ ...good, max_completion_tokens: -1 }, 400],
        [{ ...good, messages: [{ role: 'user', content: 'a'.repeat(33_000) }] }, 400],
        [{ ...good, messages: [{ role: 'system', content: '\0' }, user] }, 400],
        [{ ...good, messages: [{ role: 'system', content: 'a'.repeat(600_000) }, user] }, 400],
    ];
    for (const [json, status] of cases) {
        const answer = await ask(port, {
            method: 'POST',
            path: '/v1/chat/completions',
            token: alice.token,
            json,
        });
        rejected(answer, status);
        assert.deepEqual(Object.keys(answer.json), ['error'], answer.text);
        assert.ok(answer.json.error.type && 'param' in answer.json.error && answer.json.error.code, answer.text);
    }
    const large = await ask(port, {
        method: 'POST',
        path: '/v1/chat/completions',
        token: alice.token,
        json: { ...good, x: 'a'.repeat(1024 * 1024) },
    });
    assert.equal(large.status, 413);
    const send = (json) => ask(port, { method: 'POST', path: '/v1/chat/completions', token: alice.token, json });
    assert.equal((await send({ ...good, seed: 1 })).status, 200);
    const unknown = await send({ ...good, unknown: { a: 1 } });
    assert.deepEqual([unknown.status, unknown.json.error.param], [400, 'unknown']);
    rejected(await ask(port, { path: '/v1/models/..%5c..', token: alice.token }), 404);
});
