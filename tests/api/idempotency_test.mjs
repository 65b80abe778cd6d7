// Idempotency-Key: a request is carried out once a key, whichever gateway it reaches, and answered as the first time.

import assert from 'node:assert/strict';

import { address, birthDate, password, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withAccounts();

const keyed = (port, token, key = crypto.randomUUID()) => {
    return (method, path, json, headers = {}) =>
        ask(port, { method, path, token, json, headers: { 'Idempotency-Key': key, ...headers } });
};
const same = (one, two) => {
    assert.equal(two.status, one.status, two.text);
    assert.equal(two.text, one.text);
};

test('a repeated key creates one object of any kind, answers the same, and another body is refused', async ({
    system,
    ports,
    join,
}) => {
    const account = await join('plus');
    const count = async (table, owner) =>
        (await system.rows(`select count(*)::int as n from ${table} where ${owner} = $1`, [account.id]))[0].n;
    const kinds = [
        ['/api/v1/conversations', { title: 'a' }, { title: 'b' }, 'conversations', 'user_id'],
        ['/api/v1/conversation-templates', { name: 'a' }, { name: 'b' }, 'conversation_templates', 'owner'],
        [
            '/api/v1/companions',
            { name: 'Nia', personality: 'kind' },
            { name: 'Nia', personality: 'stern' },
            'companions',
            'owner',
        ],
        [
            '/api/v1/api-keys',
            { name: 'robot', scopes: ['read'] },
            { name: 'r', scopes: ['read'] },
            'api_keys',
            'user_id',
        ],
    ];
    for (const [path, body, other, table, owner] of kinds) {
        const before = await count(table, owner);
        const key = crypto.randomUUID();
        const first = await keyed(ports[0], account.token, key)('POST', path, body);
        assert.equal(first.status, 201, first.text);
        assert.equal(first.headers['idempotency-replayed'], undefined);
        for (const port of ports) {
            const again = await keyed(port, account.token, key)('POST', path, body);
            same(first, again);
            assert.equal(again.headers['idempotency-replayed'], 'true');
            rejected(
                await keyed(port, account.token, key)('POST', path, other),
                422,
                'IDEMPOTENCY_KEY_REUSED',
                /Idempotency-Key/,
            );
        }
        assert.equal(await count(table, owner), before + 1, table);
    }
    const stored = await system.rows('select answer from idempotency_keys where user_id = $1', [account.id]);
    assert.equal(stored.length, kinds.length);
    for (const { answer } of stored) assert.ok(!/success|robot|Nia/.test(answer), 'answers are sealed');
});

test('a key belongs to a user and an operation, is 1 to 255 characters long, and good for a day', async ({
    system,
    ports,
    join,
}) => {
    const [account, other] = [await join(), await join()];
    const create = (token, key, title) => keyed(ports[0], token, key)('POST', '/api/v1/conversations', { title });
    const first = await create(account.token, 'mine', 'a');
    assert.notEqual((await create(other.token, 'mine', 'b')).json.data.id, first.json.data.id);
    assert.equal(
        (await keyed(ports[0], account.token, 'mine')('POST', '/api/v1/conversation-templates', { name: 'a' })).status,
        201,
    );
    for (const bad of ['', 'x'.repeat(256)])
        rejected(await create(account.token, bad, 'a'), 400, 'BAD_REQUEST', /Idempotency-Key/);
    assert.equal((await create(account.token, 'x'.repeat(255), 'a')).status, 201);
    await system.rows("update idempotency_keys set created_at = now() - interval '25 hours' where user_id = $1", [
        account.id,
    ]);
    const later = await create(account.token, 'mine', 'b');
    assert.equal(later.status, 201, later.text);
    assert.notEqual(later.json.data.id, first.json.data.id, 'after a day the key is free');
    await system.rows('select job_stale_rows()');
    const left = await system.rows('select from idempotency_keys where user_id = $1', [account.id]);
    assert.equal(left.length, 1, 'the scheduler deletes what is older');
});

test('without an account a key belongs to an address, and a failure may be tried again with it', async ({ ports }) => {
    const email = `${crypto.randomUUID()}@example.com`;
    const key = crypto.randomUUID();
    const from = address();
    const signup = (fields, more = {}) =>
        ask(ports[0], {
            method: 'POST',
            path: '/api/v1/auth/signup',
            json: { email, password, birth_date: birthDate, ...fields },
            headers: { 'Idempotency-Key': key },
            from,
            ...more,
        });
    assert.equal((await signup({ password: 'short' })).status, 422, 'a body that is not valid uses no key up');
    const first = await signup({});
    assert.equal(first.status, 201, first.text);
    same(first, await signup({}));
    rejected(await signup({ email: `x${email}` }), 422, 'IDEMPOTENCY_KEY_REUSED');
    rejected(await signup({}, { from: address() }), 409, 'EMAIL_TAKEN');
});

test('AIRI-26: a message is sent once a key on every surface, and a key in use is refused until it ends', async ({
    system,
    ports,
    join,
}) => {
    const account = await join('plus');
    const { id } = (
        await ask(ports[0], { method: 'POST', path: '/api/v1/conversations', token: account.token, json: {} })
    ).json.data;
    const surfaces = [
        [`/api/v1/conversations/${id}/messages`, (text) => ({ content: text })],
        ['/api/v1/chat/messages', (text) => ({ content: text })],
        ['/api/v1/ai/chat', (text) => ({ message: text })],
        [
            '/v1/chat/completions',
            (text) => ({ model: 'gpt-3.5-turbo', messages: [{ role: 'user', content: text }] }),
            'idempotency_key_reused',
        ],
    ];
    const sent = () => system.rows('select id from generations where user_id = $1', [account.id]);
    for (const [path, body, code = 'IDEMPOTENCY_KEY_REUSED'] of surfaces) {
        const before = (await sent()).length;
        const key = crypto.randomUUID();
        const first = await keyed(ports[0], account.token, key)('POST', path, body('a mill [[stub tokens=3]]'));
        assert.ok(first.status === 200 || first.status === 201, first.text);
        same(first, await keyed(ports[1], account.token, key)('POST', path, body('a mill [[stub tokens=3]]')));
        const other = await keyed(ports[1], account.token, key)('POST', path, body('a bridge [[stub tokens=3]]'));
        assert.equal(other.status, 422, other.text);
        assert.equal(other.json.error.code, code);
        assert.equal((await sent()).length, before + 1, path);
    }
    const path = `/api/v1/conversations/${id}/messages`;
    const key = crypto.randomUUID();
    const slow = { content: 'slow [[stub tokens=20 rate=10]]' };
    const before = (await sent()).length;
    const running = keyed(ports[0], account.token, key)('POST', path, slow);
    await eventually('it is running', async () => (await sent()).length > before);
    const early = await keyed(ports[1], account.token, key)('POST', path, slow);
    rejected(early, 409, 'IDEMPOTENCY_KEY_BUSY', /still running/);
    assert.ok(Number(early.headers['retry-after']) >= 1);
    const first = await running;
    assert.equal(first.status, 201, first.text);
    same(first, await keyed(ports[1], account.token, key)('POST', path, slow));
    const wait = { Prefer: 'wait=0' };
    const one = crypto.randomUUID();
    const accepted = await keyed(ports[0], account.token, one)('POST', path, { content: 'x [[stub tokens=2]]' }, wait);
    assert.equal(accepted.status, 202, accepted.text);
    same(accepted, await keyed(ports[1], account.token, one)('POST', path, { content: 'x [[stub tokens=2]]' }, wait));
});

test('a request that its gateway did not answer is carried out again with the same ids', async ({
    system,
    ports,
    join,
}) => {
    const account = await join();
    const create = keyed(ports[0], account.token);
    const first = await create('POST', '/api/v1/conversation-templates', { name: 'a' });
    // As it is left by a gateway that died after the commit.
    await system.rows('update idempotency_keys set status = null, answer = null where user_id = $1', [account.id]);
    rejected(await create('POST', '/api/v1/conversation-templates', { name: 'a' }), 409, 'IDEMPOTENCY_KEY_BUSY');
    await system.rows('update idempotency_keys set busy_until = now() where user_id = $1', [account.id]);
    same(first, await create('POST', '/api/v1/conversation-templates', { name: 'a' }));
    assert.equal((await system.rows('select from conversation_templates where owner = $1', [account.id])).length, 1);
});
