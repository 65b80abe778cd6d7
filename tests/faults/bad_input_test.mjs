// Bad requests: each gets its own clear error, and a well-behaved user is served as before.

import assert from 'node:assert/strict';

import { eventually } from '../system/wait.mjs';
import { besideABystander } from './bystander.mjs';
import { ask, askRaw, refused } from './raw.mjs';

const bad = besideABystander({ gatewayEnv: { CONNECTIONS_PER_ADDRESS: '2000' } });

const nobody = '00000000-0000-7000-8000-000000000000';
const deep = (n, open = '[', shut = ']') => open.repeat(n) + shut.repeat(n);
const quoted = (text) => JSON.stringify(text);

const conversationOf = async (port, token, json = {}) =>
    (await ask(port, { method: 'POST', path: '/api/v1/conversations', token, json })).json.data;

bad('a body that is no JSON object is refused, and the message says so', async ({ port, alice }) => {
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
            refused(await ask(port, { method: 'POST', path, token: alice.token, body }), status, null, naming);
        refused(await ask(port, { method: 'POST', path: '/api/v1/auth/login', body }), status, null, naming);
        refused(await ask(port, { method: 'POST', path: '/v1/chat/completions', token: alice.token, body }), 400, null, naming);
    }
});

bad('a wrong, missing, unknown or doubled member is named with its pointer', async ({ port, alice }) => {
    const id = (await conversationOf(port, alice.token)).id;
    const messages = `/api/v1/conversations/${id}/messages`;
    const wrong = [1, true, [], {}, ['a'], { a: 1 }];
    const cases = [
        ...wrong.map((value) => [messages, { content: value }, '/content']),
        ...wrong.map((value) => [messages, { content: 'a', client_message_id: value }, '/client_message_id']),
        ...wrong.map((value) => [messages, { content: 'a', model: value }, '/model']),
        ...wrong.map((value) => ['/api/v1/chat/messages', { content: 'a', conversation_id: value }, '/conversation_id']),
        ...wrong.map((value) => ['/api/v1/chat/messages', { content: 'a', companionId: value }, '/companion_id']),
        ...wrong.flatMap((value) => ['title', 'companion_id', 'model', 'system_prompt'].map((name) => ['/api/v1/conversations', { [name]: value }, `/${name}`])),
        [messages, {}, '/content'],
        [messages, { content: '' }, '/content'],
        [messages, { content: ' \n\t ' }, '/content'],
        [messages, { content: null }, '/content'],
        [messages, { content: 'a\0b' }, '/content'],
        [messages, { content: 'a', client_message_id: 'x\0' }, '/client_message_id'],
        [messages, { content: 'a', model: '\0' }, '/model'],
        [messages, { content: 'a'.repeat(33_000) }, '/content'],
        [messages, { content: 'ä'.repeat(16_001) }, '/content'],
        [messages, { content: 'a', client_message_id: 'x'.repeat(101) }, '/client_message_id'],
        [messages, { content: 'a', model: 'x'.repeat(101) }, '/model'],
        [messages, { content: 'a', role: 'system' }, '/role'],
        [messages, { content: 'a', user_id: alice.id }, '/user_id'],
        [messages, { content: 'a', 'a/b~c': 1 }, '/a~1b~0c'],
        ['/api/v1/conversations', { title: 'a', user_id: nobody }, '/user_id'],
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
        ['/api/v1/auth/signup', { email: 'a@example.com', password: 'long enough', metadata: { a: ['\0'] } }, '/metadata/a/0'],
        ['/api/v1/auth/signup', { email: 'a@example.com', password: 'long enough', display_name: '' }, '/display_name'],
        ['/api/v1/auth/signup', { email: 'a@example.com', password: 'long enough', display_name: 'x'.repeat(101) }, '/display_name'],
        ['/api/v1/auth/login', { email: 'a@example.com' }, '/password'],
        ['/api/v1/auth/login', { email: 'a@example.com', password: 'x'.repeat(1025) }, '/password'],
        ['/api/v1/auth/refresh', {}, '/refresh_token'],
        ['/api/v1/auth/refresh', { refresh_token: 7 }, '/refresh_token'],
    ];
    for (const [path, json, pointer] of cases) {
        const answer = await ask(port, { method: 'POST', path, token: alice.token, json });
        refused(answer, 422, 'VALIDATION_FAILED');
        assert.ok(answer.json.error.details.some((fault) => fault.pointer === pointer && fault.message), `${pointer}: ${answer.text}`);
    }
    const twice = await ask(port, { method: 'POST', path: messages, token: alice.token, body: '{"content":"a","content":"b"}' });
    refused(twice, 422, 'VALIDATION_FAILED', /twice/);
});

bad('what is not JSON by its type, or encoded, is not taken', async ({ port, alice }) => {
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', 'text/json', ''];
    for (const type of types) {
        const answer = await ask(port, { method: 'POST', path: '/api/v1/conversations', token: alice.token, body: '{}', headers: { 'Content-Type': type } });
        refused(answer, 415, 'UNSUPPORTED_MEDIA_TYPE', /json/);
    }
    for (const type of ['application/json;charset=utf-8', 'Application/JSON', 'application/json ; x=y']) {
        const answer = await ask(port, { method: 'POST', path: '/api/v1/conversations', token: alice.token, body: '{}', headers: { 'Content-Type': type } });
        assert.equal(answer.status, 201, `${type}: ${answer.text}`);
    }
    for (const encoding of ['gzip', 'br', 'deflate', 'gzip, identity']) {
        const answer = await ask(port, { method: 'POST', path: '/api/v1/conversations', token: alice.token, body: '\x1f\x8b', headers: { 'Content-Encoding': encoding } });
        refused(answer, 415, 'UNSUPPORTED_MEDIA_TYPE', /ncoded/);
    }
});

bad('33 kB of text is refused, 32,000 bytes are answered', async ({ port, alice, system }) => {
    const id = (await conversationOf(port, alice.token)).id;
    const send = (content) => ask(port, { method: 'POST', path: `/api/v1/conversations/${id}/messages`, token: alice.token, json: { content } });
    refused(await send('a'.repeat(33 * 1024)), 422, 'VALIDATION_FAILED', /32000 bytes/);
    refused(await send('a'.repeat(300 * 1024)), 413, 'PAYLOAD_TOO_LARGE');
    const marker = '[[standin tokens=2]] ';
    assert.equal((await send(marker + 'b '.repeat((32_000 - marker.length) / 2 | 0))).status, 201);
    const stored = await system.rows('select count(*)::int as n from messages where conversation_id = $1', [id]);
    assert.equal(stored[0].n, 2, 'what was refused is not stored');
});

bad('an id that is unknown, of somebody else, or no id at all is not found, whatever it is made of', async ({ port, alice, bob }) => {
    const his = (await conversationOf(port, bob.token)).id;
    const ids = [nobody, his, his.toUpperCase(), 'x', '0', '-1', '%27', "'%20or%20'1'='1", '%22;drop%20table%20users;--', `${his}%20`, '..', '%2e%2e',
        '%F0%9F%92%A9', '%EF%BC%8E%EF%BC%8E', 'a'.repeat(4_000), `{${his}}`, `${his}%09`.replace('%09', '~')];
    for (const id of ids) {
        for (const [method, path] of [
            ['GET', `/api/v1/conversations/${id}`], ['GET', `/api/v1/conversations/${id}/messages`], ['POST', `/v1/conversations/${id}/messages`],
            ['GET', `/api/chat/conversations/${id}/messages`], ['GET', `/api/generations/${id}/events`], ['POST', `/api/generations/${id}/cancel`]]) {
            const answer = await ask(port, { method, path, token: alice.token, ...(method === 'POST' && path.includes('conversations') ? { json: { content: 'a' } } : {}) });
            assert.ok([404, 400].includes(answer.status), `${method} ${path}: ${answer.status} ${answer.text}`);
            if (id === nobody || id === his) assert.equal(answer.status, 404, `${path}: ${answer.text}`);
            refused(answer, answer.status);
        }
    }
    const unknown = await ask(port, { method: 'POST', path: '/api/v1/conversations', token: alice.token, json: { companion_id: nobody } });
    refused(unknown, 404, 'NOT_FOUND', /companion/);
});

bad('limit and cursor are checked, and a made-up cursor shows nobody else', async ({ port, alice, bob }) => {
    const his = await conversationOf(port, bob.token, { title: 'his' });
    const page = (query, token = alice.token) => ask(port, { path: `/api/v1/conversations?${query}`, token });
    for (const limit of ['0', '-1', '1000000000', 'NaN', '', '1.5', '%2B5', '0x10', '%205', '101', '9'.repeat(40), '1e2', 'null', '5;drop', '%D9%A5'])
        refused(await page(`limit=${limit}`), 400, 'BAD_REQUEST', /limit/);
    for (const limit of ['1', '100', '007']) assert.equal((await page(`limit=${limit}`)).status, 200);
    for (const cursor of ['x', '', '%7C', 'a%7Cb', `x%7C${nobody}`, 'now%7Cx', "'%20or%201=1--", `2026-01-01%7C${nobody}'`, '%25', 'a'.repeat(5_000)])
        refused(await page(`cursor=${cursor}`), 400, 'BAD_REQUEST');
    for (const bytes of ['%00', '%ff', '%c0%80', '%zz', '%']) refused(await page(`cursor=${bytes}`), 400, 'BAD_REQUEST');
    for (const cursor of [`infinity%7C${nobody}`, `9999-12-31%7C${his.id}`, `${encodeURIComponent(his.updated_at)}%7C${his.id}`]) {
        const answer = await page(`cursor=${cursor}&limit=100`);
        assert.equal(answer.status, 200);
        assert.ok(answer.json.data.every((one) => one.title !== 'his' && one.id !== his.id));
    }
    const other = await ask(port, { path: `/api/v1/conversations/${his.id}/messages?cursor=infinity%7C${nobody}`, token: alice.token });
    refused(other, 404, 'NOT_FOUND');
});

bad('SQL, markup and control characters are text like any other', async ({ port, alice, system }) => {
    const tables = await system.rows("select count(*)::int as n from pg_tables where schemaname = 'airi'");
    const texts = ["'; drop table users; --", "\\'; select pg_sleep(9); --", '"); delete from messages; --', '$1 $$ :id :caller', '%s%n{0}', '<script>alert(1)</script>',
        '\u202e\u0007\u001b[31m', 'a\r\nSet-Cookie: x=1', '{"$gt":""}', '\u{1f4a9}é'];
    for (const text of texts) {
        const made = await conversationOf(port, alice.token, { title: text, system_prompt: text, model: text });
        assert.deepEqual([made.title, made.system_prompt, made.model], [text, text, text]);
        const sent = await ask(port, { method: 'POST', path: `/api/v1/conversations/${made.id}/messages`, token: alice.token, headers: { 'User-Agent': 'x', Prefer: 'wait=20' },
            json: { content: `${text} [[standin tokens=2]]`, client_message_id: text } });
        assert.equal(sent.status, 201, sent.text);
        const read = await ask(port, { path: `/api/v1/conversations/${made.id}/messages`, token: alice.token });
        assert.equal(read.json.data[0].content, `${text} [[standin tokens=2]]`);
        assert.equal(read.json.data[0].client_message_id, text);
        const email = `${crypto.randomUUID()}@example.com`;
        const password = `${text} and more`;
        const joined = await ask(port, { method: 'POST', path: '/api/v1/auth/signup', json: { email, password, display_name: text, metadata: { [text]: text } }, headers: { 'User-Agent': quoted(texts[0]) } });
        assert.equal(joined.status, 201, joined.text);
        assert.equal(joined.json.data.user.display_name, text);
        assert.equal((await ask(port, { method: 'POST', path: '/api/v1/auth/login', json: { email, password } })).status, 200);
        refused(await ask(port, { method: 'POST', path: '/api/v1/auth/login', json: { email: `x${text}@example.com`, password: text } }), /[\s"<>,;\u0080-\uffff\u0000-\u0020]/.test(text) ? 422 : 401);
    }
    assert.deepEqual(await system.rows("select count(*)::int as n from pg_tables where schemaname = 'airi'"), tables);
});

bad('a second client_message_id brings the first result, never a second reply', async ({ port, alice, system }) => {
    const [one, other] = [await conversationOf(port, alice.token), await conversationOf(port, alice.token)];
    const id = crypto.randomUUID();
    const mark = `mark${crypto.randomUUID().replaceAll('-', '')}`;
    const send = (conversation, content, more = {}) => ask(port, { method: 'POST', path: `/api/v1/conversations/${conversation}/messages`, token: alice.token,
        json: { content: `${content} [[standin tokens=4 id=${mark}]]`, client_message_id: id }, ...more });
    const all = await Promise.all(Array.from({ length: 10 }, (_, i) => send(one.id, `try ${i}`)));
    for (const answer of all) assert.equal(answer.status, 201, answer.text);
    assert.equal(new Set(all.map((answer) => answer.json.data.id)).size, 1);
    assert.deepEqual((await send(one.id, 'another text')).json.data, all[0].json.data);
    refused(await send(other.id, 'elsewhere'), 409, 'CLIENT_MESSAGE_ID_USED', /another conversation/);
    const stream = await send(one.id, 'again', { headers: { Accept: 'text/event-stream' } });
    assert.match(stream.text, /event: message_complete/);
    assert.equal((await system.standinRequests(mark)).length, 1);
    assert.equal((await system.rows('select count(*)::int as n from messages where conversation_id = any($1)', [[one.id, other.id]]))[0].n, 2);
    const key = { headers: { 'Idempotency-Key': crypto.randomUUID() }, json: { content: `x [[standin tokens=2 id=${mark}k]]` } };
    const [first, second] = [await send(one.id, '', key), await send(one.id, '', key)];
    assert.equal(first.status, 201, first.text);
    assert.equal(second.json.data.id, first.json.data.id);
    await eventually('both are billed once', async () =>
        (await system.rows('select count(*)::int as n from usage_log where user_id = $1 and reference = any($2)', [alice.id,
            [all[0], first].map((answer) => answer.json.data.generation_id)]))[0].n === 2);
});

bad('the OpenAI surface refuses in OpenAI\'s own shape', async ({ port, alice }) => {
    const user = { role: 'user', content: 'hi [[standin tokens=2]]' };
    const good = { model: 'gpt-3.5-turbo', messages: [user] };
    const cases = [
        [{}, 400], [{ model: 5, messages: [user] }, 400], [{ ...good, model: 'no-such' }, 404], [{ ...good, model: "x' or '1" }, 404], [{ model: 'gpt-3.5-turbo' }, 400],
        [{ ...good, messages: [] }, 400], [{ ...good, messages: {} }, 400], [{ ...good, messages: ['hi'] }, 400], [{ ...good, messages: [{ role: 'root', content: 'x' }] }, 400],
        [{ ...good, messages: [{ role: 'system', content: 'x' }] }, 400], [{ ...good, messages: [{ role: 'user', content: 5 }] }, 400], [{ ...good, n: 2 }, 400],
        [{ ...good, temperature: 'hot' }, 400], [{ ...good, temperature: -1 }, 400], [{ ...good, temperature: 2.1 }, 400], [{ ...good, max_tokens: 0 }, 400],
        [{ ...good, max_tokens: 1.5 }, 400], [{ ...good, max_tokens: 1e30 }, 400], [{ ...good, max_completion_tokens: -1 }, 400],
        [{ ...good, messages: [{ role: 'user', content: 'a'.repeat(33_000) }] }, 400], [{ ...good, messages: [{ role: 'system', content: '\0' }, user] }, 400],
        [{ ...good, messages: [{ role: 'system', content: 'a'.repeat(600_000) }, user] }, 400],
    ];
    for (const [json, status] of cases) {
        const answer = await ask(port, { method: 'POST', path: '/v1/chat/completions', token: alice.token, json });
        refused(answer, status);
        assert.deepEqual(Object.keys(answer.json), ['error'], answer.text);
        assert.ok(answer.json.error.type && 'param' in answer.json.error && answer.json.error.code, answer.text);
    }
    const large = await ask(port, { method: 'POST', path: '/v1/chat/completions', token: alice.token, json: { ...good, x: 'a'.repeat(1024 * 1024) } });
    assert.equal(large.status, 413);
    assert.equal((await ask(port, { method: 'POST', path: '/v1/chat/completions', token: alice.token, json: { ...good, seed: 1, unknown: { a: 1 } } })).status, 200);
    refused(await ask(port, { path: '/v1/models/..%5c..', token: alice.token }), 404);
});

bad('paths lead nowhere else', async ({ port, alice, system }) => {
    const get = (path, more = {}) => askRaw(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${alice.token}\r\n${more.lines ?? ''}\r\n`);
    for (const path of ['/%2e%2e/%2e%2e/etc/passwd', '/../../etc/passwd', '//etc/passwd', '//api/v1/plans', '/api/v1//plans', '/api/v1/plans/', '/api/v1/plans/..', '/api/v1/./plans',
        '/api/v1/plans;x=1', '/API/V1/plans', '/api/v1/api/v1/plans', '/v1/v1/models', '/%EF%BC%8F', '/index.html/x', '/app.js%20', '/.env', '/.git', `/${'a'.repeat(6_000)}`, '/api/v1', '/api'])
        refused(await get(path), 404, 'NOT_FOUND');
    for (const path of ['/%00', '/a%0d%0aX:y', '/%ff', '/%c0%ae%c0%ae/x', '/%', '/%2', '/%zz', '/a%2fb', '/..%2f..%2fetc/passwd', '*', 'http://example.com/', 'healthz', '/a#b', '/\x7f'])
        refused(await get(path), 400, 'BAD_REQUEST');
    const wrong = await ask(port, { method: 'DELETE', path: '/api/v1/conversations', token: alice.token });
    refused(wrong, 405, 'METHOD_NOT_ALLOWED');
    assert.equal(wrong.headers.allow, 'GET, HEAD, POST');
    refused(await ask(port, { method: 'POST', path: '/nowhere', json: {} }), 404, 'NOT_FOUND');
    for (const [name, file] of Object.entries(system.programs.get('gateway-1').options.env)) if (/SECRET|URL/.test(name)) assert.ok(!(await get('/metrics')).text.includes(file));
});
