// No route gives one user what is another's: every route, as the tables in the source have them.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test as plain } from 'node:test';

import { ask } from './raw.mjs';
import { onSystem } from './scenario.mjs';
import { twoUsers } from './two_users.mjs';

const scenario = onSystem({});

const folder = new URL('../../gateway/routes/', import.meta.url);
const routes = readdirSync(folder)
    .filter((name) => name.endsWith('.cpp'))
    .flatMap((name) => {
        const source = readFileSync(new URL(name, folder), 'utf8');
        return [
            ...source.matchAll(
                /route\{\.method = verb::(\w+), \.path = "([^"]+)"([^}]*(?:\{[^}]*\}[^}]*)?)\}/g,
            ),
        ].map(([, method, path, more]) => ({
            method: method === 'del' ? 'DELETE' : method.toUpperCase(),
            path: path.startsWith('=') ? path.slice(1) : `/api/v1${path}`,
            anyone: more.includes('access::anyone'),
            admin: more.includes('access::admin'),
            takesBody: more.includes('body_limit'),
        }));
    });

plain('the tables of routes are read from the source', () => {
    const written = readdirSync(folder)
        .filter((name) => name.endsWith('.cpp'))
        .reduce(
            (sum, name) => sum + readFileSync(new URL(name, folder), 'utf8').split('route{').length - 1,
            0,
        );
    assert.ok(routes.length >= 24, `${routes.length} routes`);
    assert.equal(routes.length, written, 'all of them');
});

scenario("no route gives a second user, or nobody, what is the first one's", async ({ system }) => {
    const [a, b] = await twoUsers(system);
    const before = await system.rows(
        "select to_jsonb(c) - 'updated_at' as row from conversations c where user_id = $1",
        [a.id],
    );
    const bodyOf = (id) => ({ content: 'mine now', conversation_id: id, conversationId: id });
    for (const route of routes) {
        const placeholders = (route.path.match(/\{\w+\}/g) ?? []).length;
        const ids = placeholders ? Object.values(a.ids) : [null];
        for (const id of ids) {
            const path = id ? route.path.replaceAll(/\{\w+\}/g, id) : route.path;
            const at = `${route.method} ${path}`;
            const bodies = !route.takesBody
                ? [undefined]
                : placeholders
                  ? [{ content: 'mine now' }]
                  : Object.values(a.ids).flatMap((one) => [
                        bodyOf(one),
                        { content: 'x', companion_id: one, conversation_id: a.ids.conversation },
                        { companion_id: one },
                    ]);
            for (const json of bodies) {
                const nobody = await ask(a.port, { method: route.method, path, json });
                if (route.anyone) assert.ok(nobody.status < 500, `${at}: ${nobody.status}`);
                else assert.equal(nobody.status, 401, `${at} as nobody: ${nobody.text}`);
                if (path.endsWith('/logout')) continue;
                const second = await ask(a.port, { method: route.method, path, json, token: b.token });
                assert.ok(second.status < 500, `${at} as another: ${second.status} ${second.text}`);
                if (id && !route.anyone)
                    assert.ok(
                        second.status === 404 || second.status === 400 || second.status === 403,
                        `${at} as another: ${second.status} ${second.text}`,
                    );
                if (!placeholders && json && !route.anyone)
                    assert.ok(second.status >= 400, `${at} ${JSON.stringify(json)}: ${second.status}`);
                for (const answer of [nobody, second]) {
                    // What was asked for may be named again in a refusal; nothing else of A may appear.
                    for (const foreign of [
                        a.mark,
                        a.email,
                        ...Object.values(a.ids).filter(
                            (one) => one !== id && !JSON.stringify(json ?? '').includes(one),
                        ),
                    ])
                        assert.ok(!answer.text.includes(foreign), `${at} shows ${foreign}: ${answer.text}`);
                }
            }
        }
    }
    assert.deepEqual(
        await system.rows(
            "select to_jsonb(c) - 'updated_at' as row from conversations c where user_id = $1",
            [a.id],
        ),
        before,
    );
    const [{ n }] = await system.rows("select count(*)::int as n from messages where content = 'mine now'");
    assert.equal(n, 0);
});
