// Statex as its own client uses it: accounts below /auth, and one question to the AI.

import assert from 'node:assert/strict';

import { address, birthDate, password, withProduct } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withProduct('statex');

const post = (port, path, json, more) => ask(port, { method: 'POST', path, json, from: address(), ...more });

test('STATEX-01 STATEX-02 STATEX-03: accounts sign up, log in, refresh and log out at /auth, without a prefix', async ({
    ports,
    rejectedEverywhere,
}) => {
    const email = `${crypto.randomUUID()}@example.com`;
    const made = await post(ports[0], '/auth/signup', { email, password, birth_date: birthDate });
    assert.deepEqual([made.status, made.json.data.user.plan], [201, 'standard'], made.text);
    const entered = await post(ports[1], '/auth/login', { email, password });
    assert.equal(entered.status, 200, entered.text);
    const { access_token: token, refresh_token: refresh } = entered.json.data;
    assert.deepEqual(JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).alg, 'HS256');
    rejected(await post(ports[1], '/auth/login', { email, password: 'a wrong one' }), 401);
    const fresh = await post(ports[0], '/auth/refresh', { refresh_token: refresh });
    assert.equal(fresh.status, 200, fresh.text);
    assert.notEqual(fresh.json.data.refresh_token, refresh);
    const { access_token: next } = fresh.json.data;
    assert.equal((await post(ports[0], '/auth/logout', {}, { token: next })).status, 200);
    await rejectedEverywhere(next, 'SESSION_ENDED');
});

test('STATEX-01: a session in cookies at /auth/login is refreshed at /auth/refresh', async ({ ports, join }) => {
    const { email } = await join();
    const headers = { 'X-Token-Transport': 'cookie' };
    const entered = await post(ports[0], '/auth/login', { email, password }, { headers });
    const cookies = entered.headers['set-cookie'];
    const refresh = cookies.find((one) => /airi_refresh=/.test(one));
    assert.match(refresh, /Path=\/auth\/refresh;/);
    const Cookie = refresh.split(';')[0];
    const fresh = await post(ports[1], '/auth/refresh', {}, { headers: { ...headers, Cookie } });
    assert.equal(fresh.status, 200, fresh.text);
});

test('STATEX-34 STATEX-50: of five parallel chats the two of the day are answered, the others are 429', async ({
    ports,
    join,
}) => {
    const { token } = await join();
    const chat = (i) =>
        post(ports[i % 2], '/api/ai/chat', { message: `hi ${i} [[stub tokens=4]]`, model: 'openai' }, { token });
    const all = await Promise.all([0, 1, 2, 3, 4].map(chat));
    assert.deepEqual(all.map((one) => one.status).sort(), [200, 200, 429, 429, 429]);
    for (const one of all.filter(({ status }) => status === 200)) {
        const {
            response,
            model_used: model,
            tokens_used: tokens,
            processing_time_ms: ms,
            cost_usd: cost,
        } = one.json.data;
        assert.ok(one.json.success && response.length > 0 && tokens > 0 && ms >= 0, one.text);
        assert.equal(model, 'openai:gpt-4');
        assert.ok(Math.abs(cost - tokens * 0.00003) < 1e-9, `${cost} for ${tokens} tokens`);
    }
    const refused = all.find(({ status }) => status === 429);
    assert.ok(['RATE_LIMITED', 'QUOTA_EXCEEDED'].includes(refused.json.error.code), refused.text);
    assert.ok(Number(refused.headers['retry-after']) > 0);
    const list = await ask(ports[0], { path: '/api/conversations', token });
    assert.deepEqual(list.json.data, [], 'a question is in no conversation');
});

test('STATEX-34: each tier has its documented AI requests a day, whatever the path', async ({ ports, join }) => {
    const { token } = await join();
    const send = (path, json) => post(ports[0], path, json, { token });
    assert.equal((await send('/api/ai/chat', { message: 'one [[stub tokens=2]]' })).status, 200);
    assert.equal((await send('/api/chat/messages', { content: 'two [[stub tokens=2]]' })).status, 201);
    rejected(await send('/api/ai/chat', { message: 'three' }), 429);
    rejected(await send('/api/chat/messages', { content: 'three' }), 429);
    const paid = await join('premium');
    for (let i = 0; i < 3; ++i)
        assert.equal(
            (await post(ports[0], '/api/ai/chat', { message: `${i} [[stub tokens=2]]` }, { token: paid.token })).status,
            200,
        );
});

test('STATEX-39: a question outside its bounds is rejected with the pointer of the fault', async ({ ports, join }) => {
    const { token } = await join();
    for (const [json, pointer] of [
        [{}, '/message'],
        [{ message: '' }, '/message'],
        [{ message: 'x'.repeat(10_001) }, '/message'],
        [{ message: 5 }, '/message'],
        [{ message: 'x', temperature: 2.1 }, '/temperature'],
        [{ message: 'x', max_tokens: 0 }, '/max_tokens'],
        [{ message: 'x', max_tokens: 4_001 }, '/max_tokens'],
        [{ message: 'x', max_tokens: 1.5 }, '/max_tokens'],
        [{ message: 'x', model: 'no-such' }, '/model'],
        [{ message: 'x', model: 'azure' }, '/model'],
        [{ message: 'x', other: 1 }, '/other'],
    ])
        rejected(
            await post(ports[0], '/api/ai/chat', json, { token }),
            422,
            'VALIDATION_FAILED',
            new RegExp(`"${pointer}"`),
        );
    rejected(await post(ports[0], '/api/ai/chat', { message: 'x' }), 401, 'UNAUTHENTICATED');
});
