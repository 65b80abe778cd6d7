// Well-formed requests with invalid values: other users' ids, SQL, paths, forged cursors, repeated ids. Each gets its
// own clear error, and a well-behaved user is served as before.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { withBystander, conversationOf } from '../support/js/bystander.mjs';
import { ask, askRaw, rejected } from '../support/js/raw.mjs';

const bad = withBystander();

const unknownId = '00000000-0000-7000-8000-000000000000';

bad('an unknown, foreign or malformed id is not found, whatever it contains', async ({ port, alice, bob }) => {
    const bobs = (await conversationOf(port, bob.token)).id;
    const ids = [
        unknownId,
        bobs,
        bobs.toUpperCase(),
        'x',
        '0',
        '-1',
        '%27',
        "'%20or%20'1'='1",
        '%22;drop%20table%20users;--',
        `${bobs}%20`,
        '..',
        '%2e%2e',
        '%F0%9F%92%A9',
        '%EF%BC%8E%EF%BC%8E',
        'a'.repeat(4_000),
        `{${bobs}}`,
        `${bobs}%09`.replace('%09', '~'),
    ];
    for (const id of ids) {
        for (const [method, path] of [
            ['GET', `/api/v1/conversations/${id}`],
            ['GET', `/api/v1/conversations/${id}/messages`],
            ['POST', `/v1/conversations/${id}/messages`],
            ['GET', `/api/chat/conversations/${id}/messages`],
            ['GET', `/api/generations/${id}/events`],
            ['POST', `/api/generations/${id}/cancel`],
        ]) {
            const answer = await ask(port, {
                method,
                path,
                token: alice.token,
                ...(method === 'POST' && path.includes('conversations') ? { json: { content: 'a' } } : {}),
            });
            assert.ok([404, 400].includes(answer.status), `${method} ${path}: ${answer.status} ${answer.text}`);
            if (id === unknownId || id === bobs) assert.equal(answer.status, 404, `${path}: ${answer.text}`);
            rejected(answer, answer.status);
        }
    }
    const unknown = await ask(port, {
        method: 'POST',
        path: '/api/v1/conversations',
        token: alice.token,
        json: { companion_id: unknownId },
    });
    rejected(unknown, 404, 'NOT_FOUND', /companion/);
});

bad(
    "AIRI-21: limit and cursor are validated, and a forged cursor shows no other user's rows",
    async ({ port, alice, bob }) => {
        const bobs = await conversationOf(port, bob.token, { title: 'his' });
        const page = (query, token = alice.token) => ask(port, { path: `/api/v1/conversations?${query}`, token });
        for (const limit of [
            '0',
            '-1',
            '1000000000',
            'NaN',
            '',
            '1.5',
            '%2B5',
            '0x10',
            '%205',
            '101',
            '9'.repeat(40),
            '1e2',
            'null',
            '5;drop',
            '%D9%A5',
        ])
            rejected(await page(`limit=${limit}`), 400, 'BAD_REQUEST', /limit/);
        for (const limit of ['1', '100', '007']) assert.equal((await page(`limit=${limit}`)).status, 200);
        for (const cursor of [
            'x',
            '',
            '%7C',
            'a%7Cb',
            `x%7C${unknownId}`,
            'now%7Cx',
            "'%20or%201=1--",
            `2026-01-01%7C${unknownId}'`,
            '%25',
            'a'.repeat(5_000),
        ])
            rejected(await page(`cursor=${cursor}`), 400, 'BAD_REQUEST');
        for (const bytes of ['%00', '%ff', '%c0%80', '%zz', '%'])
            rejected(await page(`cursor=${bytes}`), 400, 'BAD_REQUEST');
        for (const cursor of [
            `infinity%7C${unknownId}`,
            `9999-12-31%7C${bobs.id}`,
            `${encodeURIComponent(bobs.updated_at)}%7C${bobs.id}`,
        ]) {
            const answer = await page(`cursor=${cursor}&limit=100`);
            assert.equal(answer.status, 200);
            assert.ok(answer.json.data.every((one) => one.title !== 'his' && one.id !== bobs.id));
        }
        const other = await ask(port, {
            path: `/api/v1/conversations/${bobs.id}/messages?cursor=infinity%7C${unknownId}`,
            token: alice.token,
        });
        rejected(other, 404, 'NOT_FOUND');
    },
);

bad('AIRI-13: SQL, markup and control characters are stored as plain text', async ({ port, alice, system }) => {
    const tables = await system.rows("select count(*)::int as n from pg_tables where schemaname = 'airi'");
    const texts = [
        "'; drop table users; --",
        "\\'; select pg_sleep(9); --",
        '"); delete from messages; --',
        '$1 $$ :id :caller',
        '%s%n{0}',
        '<script>alert(1)</script>',
        '\u202e\u0007\u001b[31m',
        'a\r\nSet-Cookie: x=1',
        '{"$gt":""}',
        '\u{1f4a9}é',
    ];
    for (const text of texts) {
        // Names and titles are one line, without control characters.
        const line = text.replaceAll(/\p{Cc}/gu, ' ');
        const made = await conversationOf(port, alice.token, { title: line, system_prompt: text });
        assert.deepEqual([made.title, made.system_prompt], [line, text]);
        const json = { model: text };
        const named = await ask(port, { method: 'POST', path: '/api/v1/conversations', token: alice.token, json });
        rejected(named, 422, 'VALIDATION_FAILED', /model/);
        const sent = await ask(port, {
            method: 'POST',
            path: `/api/v1/conversations/${made.id}/messages`,
            token: alice.token,
            headers: { 'User-Agent': 'x', Prefer: 'wait=20' },
            json: { content: `${text} [[stub tokens=2]]`, client_message_id: text },
        });
        assert.equal(sent.status, 201, sent.text);
        const read = await ask(port, {
            path: `/api/v1/conversations/${made.id}/messages`,
            token: alice.token,
        });
        assert.equal(read.json.data[0].content, `${text} [[stub tokens=2]]`);
        assert.equal(read.json.data[0].client_message_id, text);
        const email = `${crypto.randomUUID()}@example.com`;
        // No password has control characters or invisible ones.
        const password = `${text.replaceAll(/[\p{C}\p{DI}]/gu, '')} and more`;
        const joined = await ask(port, {
            method: 'POST',
            path: '/api/v1/auth/signup',
            json: { email, password, display_name: line, metadata: { [text]: text }, birth_date: '1990-02-28' },
            headers: { 'User-Agent': JSON.stringify(texts[0]) },
        });
        assert.equal(joined.status, 201, joined.text);
        assert.equal(joined.json.data.user.display_name, line);
        assert.equal(
            (await ask(port, { method: 'POST', path: '/api/v1/auth/login', json: { email, password } })).status,
            200,
        );
        rejected(
            await ask(port, {
                method: 'POST',
                path: '/api/v1/auth/login',
                json: { email: `x${text}@example.com`, password: text },
            }),
            [...text].some((c) => c <= ' ' || c >= '\u0080' || '"<>,;'.includes(c)) ? 422 : 401,
        );
    }
    assert.deepEqual(await system.rows("select count(*)::int as n from pg_tables where schemaname = 'airi'"), tables);
});

bad(
    'a repeated client_message_id returns the first result and creates no second reply',
    async ({ port, alice, system }) => {
        const [one, other] = [await conversationOf(port, alice.token), await conversationOf(port, alice.token)];
        const id = crypto.randomUUID();
        const mark = `mark${crypto.randomUUID().replaceAll('-', '')}`;
        const send = (conversation, content, more = {}) =>
            ask(port, {
                method: 'POST',
                path: `/api/v1/conversations/${conversation}/messages`,
                token: alice.token,
                json: { content: `${content} [[stub tokens=4 id=${mark}]]`, client_message_id: id },
                ...more,
            });
        const all = await Promise.all(Array.from({ length: 10 }, (_, i) => send(one.id, `try ${i}`)));
        for (const answer of all) assert.equal(answer.status, 201, answer.text);
        assert.equal(new Set(all.map((answer) => answer.json.data.id)).size, 1);
        assert.deepEqual((await send(one.id, 'another text')).json.data, all[0].json.data);
        rejected(await send(other.id, 'elsewhere'), 409, 'CLIENT_MESSAGE_ID_USED', /another conversation/);
        const stream = await send(one.id, 'again', { headers: { Accept: 'text/event-stream' } });
        assert.match(stream.text, /event: message_complete/);
        assert.equal((await system.stubRequests(mark)).length, 1);
        assert.equal(
            (
                await system.rows('select count(*)::int as n from messages where conversation_id = any($1)', [
                    [one.id, other.id],
                ])
            )[0].n,
            2,
        );
        const key = {
            headers: { 'Idempotency-Key': crypto.randomUUID() },
            json: { content: `x [[stub tokens=2 id=${mark}k]]` },
        };
        const [first, second] = [await send(one.id, '', key), await send(one.id, '', key)];
        assert.equal(first.status, 201, first.text);
        assert.equal(second.json.data.id, first.json.data.id);
        await eventually(
            'both are billed once',
            async () =>
                (
                    await system.rows(
                        `select count(*)::int as n from usage_log
                            where user_id = $1 and reference = any($2) and resource = 'messages'`,
                        [alice.id, [all[0], first].map((answer) => answer.json.data.generation_id)],
                    )
                )[0].n === 2,
        );
    },
);

bad('path tricks reach no other resource', async ({ port, alice, system }) => {
    const get = (path, more = {}) =>
        askRaw(
            port,
            `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${alice.token}\r\n${more.lines ?? ''}\r\n`,
        );
    for (const path of [
        '/%2e%2e/%2e%2e/etc/passwd',
        '/../../etc/passwd',
        '//etc/passwd',
        '/a%2fb',
        '/..%2f..%2fetc/passwd',
        '/%2fapi/v1/plans',
        '/api/v1%2fplans',
        '/api/v1/plans%2f',
        '/api/v1/plans/..',
        '/api/v1/./plans',
        '/api/v1/plans;x=1',
        '/API/V1/plans',
        '/api/v1/api/v1/plans',
        '/v1/v1/models',
        '/%EF%BC%8F',
        '/index.html/x',
        '/app.js%20',
        '/.env',
        '/.git',
        `/${'a'.repeat(6_000)}`,
        '/api/v1',
        '/api',
    ])
        rejected(await get(path), 404, 'NOT_FOUND');
    for (const path of [
        '/%00',
        '/a%0d%0aX:y',
        '/%ff',
        '/%c0%ae%c0%ae/x',
        '/%',
        '/%2',
        '/%zz',
        '*',
        'ftp://a/',
        'http://',
        'http:///api/v1/plans',
        'http://a@example.com/',
        'healthz',
        '/a#b',
        '/\x7f',
    ])
        rejected(await get(path), 400, 'BAD_REQUEST');
    rejected(await get('http://example.com/'), 421, 'MISDIRECTED_REQUEST');
    for (const path of ['//api/v1/plans', '/api/v1//plans/', 'http://a/api/v1/plans', 'HTTP://A//v1/%70lans'])
        assert.equal((await get(path)).status, 200, path);
    const wrong = await ask(port, { method: 'DELETE', path: '/api/v1/conversations', token: alice.token });
    rejected(wrong, 405, 'METHOD_NOT_ALLOWED');
    assert.equal(wrong.headers.allow, 'GET, HEAD, POST');
    rejected(await ask(port, { method: 'POST', path: '/nowhere', json: {} }), 404, 'NOT_FOUND');
    const { text } = await ask(system.program('gateway-1').adminPort, { path: '/metrics' });
    for (const [name, file] of Object.entries(system.programs.get('gateway-1').options.env))
        if (/SECRET|URL/.test(name)) assert.ok(!text.includes(file));
});
