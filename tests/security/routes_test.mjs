// No route gives one user another user's data: every operation of the OpenAPI document.

import assert from 'node:assert/strict';

import { ask } from '../support/js/raw.mjs';
import { withSystem } from '../support/js/scenario.mjs';
import { twoUsers } from '../support/js/two_users.mjs';

const scenario = withSystem();

// A value that fits the schema: every member is set, texts are `text`, ids are `id`, nullable members are null.
function example(document, schema, { id, text }) {
    if (schema.$ref) return example(document, document.components.schemas[schema.$ref.split('/').at(-1)], { id, text });
    if ('const' in schema) return schema.const;
    if (schema.enum) return schema.enum[0];
    const type = [schema.type].flat()[0];
    if (schema.format === 'uuid') return id;
    if (schema.format === 'email') return `${crypto.randomUUID()}@example.com`;
    if ([schema.type].flat().includes('null')) return null;
    if (schema.pattern) return ['abcdef', 'en'].find((one) => new RegExp(schema.pattern).test(one));
    if (type === 'string') return text.padEnd(schema.minLength ?? 0, '.').slice(0, schema.maxLength ?? 1000);
    if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
    if (type === 'boolean') return true;
    if (type === 'array') return [];
    return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, each]) => [name, example(document, each, { id, text })]),
    );
}

const hasId = (value) =>
    typeof value === 'object' && value !== null
        ? Object.values(value).some(hasId)
        : /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(String(value));

scenario("no route shows a user's data to a second user or an anonymous caller", async ({ system }) => {
    const [a, b] = await twoUsers(system);
    const document = (await ask(a.port, { path: '/openapi.json' })).json;
    const rows = () => system.rows('select to_jsonb(c) as row from conversations c where user_id = $1', [a.id]);
    const before = await rows();
    // Changes of credentials get as far as other routes, without guesses of a password.
    await system.rows("update sessions set proved_at = now() + interval '1 day' where user_id = $1", [b.id]);
    // The system has no payment provider: no route may have a reason to request something from it.
    await system.rows(
        "update subscriptions set status = 'canceled', created_at = now() - interval '1 year' where user_id = $1",
        [b.id],
    );
    await system.rows('delete from payment_customers where user_id = $1', [b.id]);
    const proofs = new Set(['password', 'code']);
    const withoutProof = (body) => Object.fromEntries(Object.entries(body).filter(([name]) => !proofs.has(name)));
    let operations = 0;
    for (const [pattern, item] of Object.entries(document.paths)) {
        for (const [method, operation] of Object.entries(item)) {
            operations += 1;
            const anyone = operation.security.length === 0;
            const named = operation.parameters.some((p) => p.in === 'path');
            const query = operation.parameters
                .filter((p) => p.in === 'query' && p.required)
                .map((p) => `${p.name}=mine`)
                .join('&');
            const schema = operation.requestBody?.content['application/json']?.schema;
            for (const id of Object.values(a.ids)) {
                const path = pattern.replaceAll(/\{\w+\}/g, id) + (query && `?${query}`);
                const route = `${method} ${path}`;
                const body = schema && example(document, schema, { id, text: 'mine now' });
                const json = named && body && operation['x-fresh-proof'] ? withoutProof(body) : body;
                const anonymous = await ask(a.port, { method: method.toUpperCase(), path, json });
                if (anyone) assert.ok(anonymous.status < 500, `${route}: ${anonymous.status}`);
                else assert.equal(anonymous.status, 401, `${route} as anonymous: ${anonymous.text}`);
                if (path.includes('/logout')) continue;
                const second = await ask(a.port, { method: method.toUpperCase(), path, json, token: b.token });
                assert.ok(second.status < 500, `${route} as another: ${second.status} ${second.text}`);
                if (operation['x-roles']) assert.equal(second.status, 403, `${route} as a user: ${second.text}`);
                else if (named && !anyone) assert.equal(second.status, 404, `${route} as another: ${second.text}`);
                else if (!anyone && hasId(json))
                    assert.ok(second.status >= 400, `${route} ${JSON.stringify(json)}: ${second.status}`);
                // A rejection may repeat the requested id; nothing else of A may appear.
                const foreign = [a.mark, a.email, ...Object.values(a.ids).filter((one) => one !== id)];
                for (const answer of [anonymous, second])
                    for (const one of foreign)
                        assert.ok(!answer.text.includes(one), `${route} shows ${one}: ${answer.text}`);
            }
        }
    }
    assert.ok(operations > 40, `${operations} operations`);
    assert.deepEqual(await rows(), before);
    const [{ n }] = await system.rows(
        "select count(*)::int as n from messages where content like 'mine now%' and user_id = $1",
        [a.id],
    );
    assert.equal(n, 0);
});
