// No route gives one user what is another's: every operation of the OpenAPI document.

import assert from 'node:assert/strict';

import { ask } from '../support/js/raw.mjs';
import { onSystem } from '../support/js/scenario.mjs';
import { twoUsers } from '../support/js/two_users.mjs';

const scenario = onSystem({});

/// Something that fits the schema: with every member, texts are `text`, ids are `id`, what may be null is.
function example(document, schema, { id, text }) {
    if (schema.$ref) return example(document, document.components.schemas[schema.$ref.split('/').at(-1)], { id, text });
    if ('const' in schema) return schema.const;
    if (schema.enum) return schema.enum[0];
    const type = [schema.type].flat()[0];
    if (schema.format === 'uuid') return id;
    if (schema.format === 'email') return `${crypto.randomUUID()}@example.com`;
    if ([schema.type].flat().includes('null')) return null;
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

scenario("no route gives a second user, or nobody, what is the first one's", async ({ system }) => {
    const [a, b] = await twoUsers(system);
    const document = (await ask(a.port, { path: '/openapi.json' })).json;
    const rows = () => system.rows('select to_jsonb(c) as row from conversations c where user_id = $1', [a.id]);
    const before = await rows();
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
                const at = `${method} ${path}`;
                const json = schema && example(document, schema, { id, text: 'mine now' });
                const nobody = await ask(a.port, { method: method.toUpperCase(), path, json });
                if (anyone) assert.ok(nobody.status < 500, `${at}: ${nobody.status}`);
                else assert.equal(nobody.status, 401, `${at} as nobody: ${nobody.text}`);
                if (path.includes('/logout')) continue;
                const second = await ask(a.port, { method: method.toUpperCase(), path, json, token: b.token });
                assert.ok(second.status < 500, `${at} as another: ${second.status} ${second.text}`);
                if (pattern.startsWith('/api/v1/admin/'))
                    assert.equal(second.status, 403, `${at} as a user: ${second.text}`);
                else if (named && !anyone) assert.equal(second.status, 404, `${at} as another: ${second.text}`);
                else if (!anyone && hasId(json))
                    assert.ok(second.status >= 400, `${at} ${JSON.stringify(json)}: ${second.status}`);
                // What was asked for may be named again in a refusal; nothing else of A may appear.
                const foreign = [a.mark, a.email, ...Object.values(a.ids).filter((one) => one !== id)];
                for (const answer of [nobody, second])
                    for (const one of foreign)
                        assert.ok(!answer.text.includes(one), `${at} shows ${one}: ${answer.text}`);
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
