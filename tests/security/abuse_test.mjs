// Attacks: look-alike addresses, oversized bodies, SQL in every field of every operation, forged cursors and response
// times. The gateway stays up, and the tables stay intact.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { withBystander } from '../support/js/bystander.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';

const bad = withBystander();

bad('a look-alike address is rejected in any script', async ({ port }) => {
    const looks = [
        'аdmin@example.com',
        'admin@exаmple.com',
        'αdmin@example.com',
        'ａｄｍｉｎ@example.com',
        'admin＠example.com',
        'admın@example.com',
        'admin@ехample.com',
        'ad\u200bmin@example.com',
        'ad\u00admin@example.com',
        '\u202eadmin@example.com',
        'admin@example.com\u200f',
        'admin\u2060@example.com',
        'a\u0301dmin@example.com',
        'ádmin@example.com',
        'admin@exam\u2024ple.com',
        'admin@example。com',
        'admin@example.com\u0000',
        'admin@ⓔxample.com',
        'admin@münchen.de',
        'ﬁsh@example.com',
        '𝐚dmin@example.com',
        'ad\u115fmin@example.com',
        'admin@exa\ufeffmple.com',
        'Ａdmin@example.com',
        'admin@example.com ',
        '\tadmin@example.com',
        'admin@example.com\r\nBcc: x@example.com',
    ];
    for (const email of looks)
        for (const [path, json] of [
            ['signup', { email, password: 'a long enough password' }],
            ['login', { email, password: 'x' }],
            ['forgot-password', { email }],
            ['magic-link', { email }],
        ])
            rejected(
                await ask(port, { method: 'POST', path: `/api/v1/auth/${path}`, json }),
                422,
                'VALIDATION_FAILED',
                /\/email/,
            );
});

bad('a megabyte of nesting, digits, fields or escapes is handled without delay', async ({ port, alice, system }) => {
    const size = 1_000_000;
    const message = (more) =>
        `{"model":"gpt-3.5-turbo","messages":[{"role":"user","content":"x [[stub tokens=1]]"}]${more}}`;
    const bombs = {
        'lists in lists': '['.repeat(size),
        'closed lists': '['.repeat(size / 2) + ']'.repeat(size / 2),
        'objects in objects': '{"a":'.repeat(size / 5),
        'deep inside': message(`,"x":${'['.repeat(size / 2)}`),
        'an endless number': message(`,"x":${'1'.repeat(size - 200)}`),
        'an endless exponent': message(`,"x":1e${'9'.repeat(size - 200)}`),
        'an endless fraction': message(`,"x":0.${'3'.repeat(size - 200)}`),
        'a hundred thousand members': message(`,${Array.from({ length: 70_000 }, (_, i) => `"k${i}":0`).join()}`),
        'one name again and again': message(`,${Array(100_000).fill('"x":0').join()}`),
        'numbers in a list': message(`,"x":[${Array(300_000).fill('1').join()}]`),
        'objects in a list': message(`,"x":[${Array(200_000).fill('{}').join()}]`),
        escapes: message(`,"x":"${'\\u0041'.repeat(size / 7)}"`),
        blanks: `${' '.repeat(size - 200)}${message('')}`,
        'an endless name': message(`,"${'n'.repeat(size - 200)}":0`),
        'a string in place of a list': message(`,"stop":"${'s'.repeat(size - 200)}"`),
    };
    const memory = () =>
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${system.program('gateway-1').pid}/status`, 'utf8'))[1]);
    for (const [what, body] of Object.entries(bombs)) {
        const begun = Date.now();
        const answer = await ask(port, { method: 'POST', path: '/v1/chat/completions', token: alice.token, body });
        assert.ok(
            [200, 400, 413, 422].includes(answer.status),
            `${what}: ${answer.status} ${answer.text.slice(0, 300)}`,
        );
        assert.ok(Date.now() - begun < 10_000, `${what} took ${Date.now() - begun} ms`);
        for (const path of ['/api/v1/auth/login', '/api/v1/conversations'])
            rejected(await ask(port, { method: 'POST', path, token: alice.token, body }), 413, 'PAYLOAD_TOO_LARGE');
    }
    assert.ok(memory() < 600_000, `${memory()} KB at most`);
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'x-gzip', 'identity, gzip'])
        rejected(
            await ask(port, {
                method: 'POST',
                path: '/v1/chat/completions',
                token: alice.token,
                body: Buffer.alloc(1000),
                headers: { 'Content-Encoding': encoding },
            }),
            415,
            'UNSUPPORTED_MEDIA_TYPE',
        );
});

// A value that fits the schema, and the pointers of the texts in it.
function example(document, schema, at, texts) {
    if (schema.$ref) return example(document, document.components.schemas[schema.$ref.split('/').at(-1)], at, texts);
    if ('const' in schema) return schema.const;
    const type = [schema.type].flat()[0];
    if (type === undefined || type === 'string') texts.push(at);
    if (schema.enum) return schema.enum[0];
    if (schema.format === 'uuid') return crypto.randomUUID();
    if (schema.format === 'email') return `${crypto.randomUUID()}@example.com`;
    if (type === 'string') return 'gpt-3.5-turbo'.padEnd(schema.minLength ?? 0, '.').slice(0, schema.maxLength ?? 1000);
    if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
    if (type === 'boolean') return true;
    if (type === 'array') return schema.items ? [example(document, schema.items, [...at, 0], texts)] : [];
    if (type !== 'object') return 'x';
    return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, each]) => [
            name,
            example(document, each, [...at, name], texts),
        ]),
    );
}
const placed = (value, [first, ...rest], text) =>
    first === undefined
        ? text
        : Array.isArray(value)
          ? value.map((one, i) => (i === first ? placed(one, rest, text) : one))
          : { ...value, [first]: placed(value[first], rest, text) };

const nasty = [
    "'; drop table users; --",
    "' or 1=1 --",
    '$1',
    "\\'); delete from users; --",
    '{"a":"b"}',
    '1 union select password_hash from users',
];
// They end the session that the others need, or never end by themselves.
const left_out = ['auth.logout', 'sessions.end_all', 'generations.events'];

bad(
    'SQL in any text of any operation is stored as text and leaves tables and rows intact',
    async ({ port, system }) => {
        const account = await system.user();
        await appoint(system, account, 'super');
        const document = (await ask(port, { path: '/openapi.json' })).json;
        const shape = () =>
            system.rows(`select relname::text, relrowsecurity from pg_class
                where relnamespace = 'airi'::regnamespace and relkind in ('r', 'p') and not relispartition
        union all select proname::text, prosecdef from pg_proc where pronamespace = 'airi'::regnamespace order by 1`);
        const others = () =>
            system.rows(
                `select id, email, role, plan, status, password_hash from users
                    where email not like '%@example.com' or id <> $1 order by id`,
                [account.id],
            );
        const [shapeBefore, othersBefore] = [await shape(), (await others()).filter((one) => one.id !== account.id)];
        const asked = [];
        for (const [pattern, item] of Object.entries(document.paths))
            for (const [method, operation] of Object.entries(item)) {
                if (left_out.includes(operation.operationId)) continue;
                const texts = [];
                const schema = operation.requestBody?.content['application/json']?.schema;
                const body = schema && example(document, schema, [], texts);
                const paths = operation.parameters.filter((one) => one.in === 'path');
                const queries = operation.parameters.filter((one) => one.in === 'query');
                const fill = (named, text) =>
                    pattern.replaceAll(/\{(\w+)\}/g, (_, name) =>
                        encodeURIComponent(name === named ? text : name.endsWith('id') ? crypto.randomUUID() : 'x'),
                    );
                const send = (path, json) =>
                    asked.push([
                        operation.operationId,
                        {
                            method: method.toUpperCase(),
                            path,
                            json,
                            token: account.token,
                            headers: { Prefer: 'wait=0' },
                        },
                    ]);
                for (const text of nasty) {
                    for (const { name } of paths) send(fill(name, text), body);
                    for (const { name } of queries) send(`${fill()}?${name}=${encodeURIComponent(text)}`, body);
                    for (const at of texts) send(fill(), placed(body, at, text));
                }
                for (const { name } of paths) send(fill(name, 'x').replace('x', '%00'), body);
                for (const { name } of queries) send(`${fill()}?${name}=%00`, body);
                for (const at of texts) send(fill(), placed(body, at, 'a\0b'));
            }
        assert.ok(asked.length > 1_000, `${asked.length} requests`);
        const wrong = [];
        for (let i = 0; i < asked.length; i += 8)
            await Promise.all(
                asked.slice(i, i + 8).map(async ([operation, request]) => {
                    const answer = await ask(port, request);
                    if (answer.status >= 500 || answer.status === 401)
                        wrong.push(
                            `${operation} ${request.path} ${JSON.stringify(request.json)}: ` +
                                `${answer.status} ${answer.text.slice(0, 200)}`,
                        );
                    if (answer.text.includes('argon2')) wrong.push(`${operation}: a password's hash`);
                }),
            );
        // A wrong password and a wrong refresh token are 401 too.
        assert.deepEqual(
            wrong.filter((one) => !/^(auth\.(login|refresh)|email_links\.)/.test(one) || !one.includes(': 401')),
            [],
        );
        assert.deepEqual(await shape(), shapeBefore);
        const after = new Map((await others()).map((one) => [one.id, one]));
        for (const one of othersBefore) assert.deepEqual(after.get(one.id), one);
    },
);

bad(
    "an altered cursor is rejected, and another user's cursor shows only the caller's rows",
    async ({ port, system }) => {
        const [a, b] = [await system.user(), await system.user()];
        await appoint(system, a, 'super');
        for (const one of [a, b])
            for (let i = 0; i < 4; ++i)
                await ask(port, {
                    method: 'POST',
                    path: '/api/v1/conversations',
                    token: one.token,
                    json: { title: one.email },
                });
        const document = (await ask(port, { path: '/openapi.json' })).json;
        const lists = Object.entries(document.paths).filter(([, item]) =>
            item.get?.parameters.some((one) => one.name === 'cursor'),
        );
        assert.ok(lists.length >= 5, String(lists.map(([path]) => path)));
        const [{ id: own }] = await system.rows('select id from conversations where user_id = $1 limit 1', [a.id]);
        const [{ id: session }] = await system.rows(
            `insert into gaming_sessions (id, user_id, conversation_id, game, companion_name, access_code, max_seconds)
             values (gen_random_uuid(), $1, $2, 'minecraft', 'x', 'x', 60) returning id`,
            [a.id, own],
        );
        let paged = 0;
        for (const [pattern, { get }] of lists) {
            const query = get.parameters
                .filter((one) => one.in === 'query' && one.required)
                .map((one) => `${one.name}=x`)
                .join('&');
            const whose = pattern.includes('/users/') ? a.id : pattern.includes('/gaming/') ? session : own;
            const path = `${pattern.replaceAll(/\{\w+\}/g, whose)}?${query && `${query}&`}limit=2`;
            const list = (cursor) =>
                ask(port, {
                    path: `${path}&cursor=${encodeURIComponent(cursor)}`,
                    token: a.token,
                });
            const first = await ask(port, { path, token: a.token });
            assert.equal(first.status, 200, `${pattern}: ${first.text}`);
            const good = first.json.meta?.next_cursor;
            // Some lists are so short that they have no cursor and read none.
            if (!first.json.meta) continue;
            paged += 1;
            for (const cursor of [
                "'",
                '|',
                '||',
                'x|y',
                '2020-01-01',
                '2020-01-01|x',
                `2020-01-01|${own}'`,
                `x|${own}`,
                '9'.repeat(100),
                `2020-13-45|${own}`,
                "2020-01-01' or true --|",
                '%00',
                '-1',
                '{}',
                '\u202e',
            ])
                assert.equal((await list(cursor)).status, 400, `${pattern} ${cursor}`);
            assert.equal((await list('9'.repeat(101))).status, 400);
            if (!good) continue;
            const readable = Buffer.from(good, 'base64url').toString();
            const altered = [
                `${readable}x`,
                readable.slice(0, -1),
                readable.replace('|', ''),
                `x${readable}`,
                readable.split('|').reverse().join('|'),
            ];
            const encoded = altered.map((text) => Buffer.from(text).toString('base64url'));
            for (const cursor of [`${good}x`, good.slice(0, -1), `x${good}`, ...altered, ...encoded])
                assert.equal((await list(cursor)).status, 400, `${pattern} ${cursor}`);
            assert.equal((await list(good)).status, 200);
        }
        assert.ok(paged >= 3);
        const foreign = (await ask(port, { path: '/api/v1/conversations?limit=2', token: b.token })).json.meta
            .next_cursor;
        const shown = (
            await ask(port, { path: `/api/v1/conversations?cursor=${encodeURIComponent(foreign)}`, token: a.token })
        ).json.data;
        assert.ok(shown.every((one) => one.title === a.email));
    },
);

bad('a login with an unknown address takes as long as one with a wrong password', async ({ port, system }) => {
    const known = (await system.users(8)).map((one) => one.email);
    const unknown = known.map(() => `${crypto.randomUUID()}@example.com`);
    const times = { known: [], unknown: [] };
    const enter = async (what, email) => {
        const begun = performance.now();
        rejected(
            await ask(port, {
                method: 'POST',
                path: '/api/v1/auth/login',
                json: { email, password: 'wrong password' },
            }),
            401,
            'WRONG_CREDENTIALS',
        );
        times[what].push(performance.now() - begun);
    };
    // Five of each, because the sixth failure locks an address. In turns, so that other load on the machine affects
    // both alike.
    for (let i = 0; i < 40; ++i) {
        const order =
            i % 2
                ? [
                      ['known', known],
                      ['unknown', unknown],
                  ]
                : [
                      ['unknown', unknown],
                      ['known', known],
                  ];
        for (const [what, emails] of order) await enter(what, emails[i % 8]);
    }
    const median = (list) => [...list].sort((x, y) => x - y)[list.length >> 1];
    const ratio = median(times.known) / median(times.unknown);
    assert.ok(
        ratio > 0.6 && ratio < 1.6,
        `${median(times.known).toFixed(1)} ms and ${median(times.unknown).toFixed(1)} ms`,
    );
});
