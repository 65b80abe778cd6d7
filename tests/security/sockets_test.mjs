// Sockets and their credentials: a socket lives no longer than what opened it, and reads no more than HTTP allows.

import assert from 'node:assert/strict';

import http from 'node:http';

import { withAccounts } from '../support/js/accounts.mjs';
import { ask, claimsOf, rejected, signed, Wire } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withAccounts();

const policy_violation = 1008;
const soon = () => new Date(Date.now() + 2_000);

const maker = (port, token) => async (scopes, more) => {
    const json = { name: 'bot', scopes, ...more };
    const made = await ask(port, { method: 'POST', path: '/api/v1/api-keys', token, json });
    assert.equal(made.status, 201, made.text);
    return made.json.data;
};

test('a socket that only listens is closed when its API key, access token or session ends', async ({
    system,
    ports,
    join,
    login,
}) => {
    const account = await join('pro');
    const key = await maker(ports[0], account.token)(['chat', 'read'], { expires_at: soon().toISOString() });
    const { exp, ...claims } = claimsOf(account.token);
    assert.ok(exp * 1000 > Date.now() + 60_000);
    const short = signed(system.jwtSecret, { ...claims, exp: Math.ceil(soon() / 1000) });
    const other = (await login(account)).json.data.access_token;
    await system.rows('update sessions set expires_at = $2 where id = $1', [claimsOf(other).sid, soon()]);
    const lasting = await Wire.open(ports[0], account.token);
    const ending = await Promise.all([key.key, short, other].map((token) => Wire.open(ports[1], token)));
    for (const socket of ending) assert.equal(await socket.closed(), policy_violation, socket.reason);
    assert.equal((await lasting.reply('ping', {})).type, 'pong', 'the account has another, whose token lasts');
});

test('a socket is closed when the scopes of its API key change', async ({ system, ports, join }) => {
    const account = await join('pro');
    const key = await maker(ports[0], account.token)(['chat', 'read']);
    const socket = await Wire.open(ports[1], key.key);
    await system.rows("update api_keys set scopes = '{read}' where id = $1", [key.id]);
    await eventually('it is closed', () => socket.code === policy_violation || void socket.send('ping', {}));
    const silent = await maker(ports[0], account.token)(['chat', 'read']);
    const listening = await Wire.open(ports[1], silent.key);
    await system.rows("update api_keys set scopes = '{chat}' where id = $1", [silent.id]);
    assert.equal(await listening.closed(30_000), policy_violation, 'keys are looked at without a frame too');
});

test('a key with the scope chat alone hears the replies to what its socket sends, and nothing else', async ({
    ports,
    join,
}) => {
    const account = await join('pro');
    const key = await maker(ports[0], account.token)(['chat']);
    const [bot, owner] = [await Wire.open(ports[1], key.key), await Wire.open(ports[0], account.token)];
    const completed = async (wire, content, more = {}) => {
        const { data } = await wire.reply('message_send', {
            client_message_id: crypto.randomUUID(),
            content: `${content} [[stub tokens=2]]`,
            ...more,
        });
        const done = ({ type, data: { generation_id: id } = {} }) =>
            type === 'message_complete' && id === data.generation_id;
        await wire.receive('a reply', done);
        return data;
    };
    const mine = await completed(bot, 'said by the bot');
    const more = { conversation_id: mine.conversation_id };
    const theirs = await completed(owner, 'not said to the bot', more);
    await completed(owner, 'nor this');
    for (const [type, data] of [
        ['subscribe', { channel: `conversation:${mine.conversation_id}` }],
        ['subscribe', { channel: `user:${account.id}` }],
        ['resume', { generation_id: theirs.generation_id, epoch: 0, offset: 0 }],
        ['message_cancel', { generation_id: theirs.generation_id }],
    ]) {
        const { type: got, data: refused } = await bot.reply(type, data);
        assert.deepEqual([got, refused.code], ['error', 'SCOPE_NEEDED'], type);
    }
    const get = { path: '/api/v1/conversations', token: key.key };
    assert.equal((await ask(ports[0], get)).json.error.code, 'SCOPE_NEEDED', 'as over HTTP');
    // The frames of a channel are in order: what was said before this would have come before it.
    const last = await completed(bot, 'said by the bot too', more);
    const own = [mine.generation_id, last.generation_id];
    for (const { type, data } of bot.frames) {
        if (type === 'error') continue;
        assert.ok(own.includes(data?.generation_id), `${type} ${JSON.stringify(data)}`);
    }
});

// A reply of 30 s over HTTP; `end()` waits until the stream is over and returns what came.
async function streamed(port, token, path, json) {
    const headers = {
        'Content-Type': 'application/json',
        Accept: 'text/event-stream',
        Authorization: `Bearer ${token}`,
    };
    const request = http.request({ host: '127.0.0.1', port, method: 'POST', path, headers });
    request.end(JSON.stringify(json));
    const answer = await new Promise((resolve, reject) => request.on('response', resolve).on('error', reject));
    assert.equal(answer.statusCode, 200);
    const out = { text: '', ended: false };
    answer.setEncoding('utf8').on('data', (piece) => (out.text += piece));
    answer.on('end', () => (out.ended = true));
    await eventually('the reply has begun', () => out.text.includes('tok3'));
    out.end = async () => {
        await eventually('the stream ends', () => out.ended, { within: 10_000, describe: () => out.text.slice(-200) });
        return out.text;
    };
    return out;
}

test('a streamed reply ends with the session or the API key that asked for it', async ({
    ports,
    post,
    join,
    login,
}) => {
    const account = await join('pro');
    const content = '[[stub tokens=600 rate=20]]';
    const other = (await login(account)).json.data.access_token;
    const key = await maker(ports[0], account.token)(['chat', 'read']);
    const messages = [{ role: 'user', content }];
    const [own, openai] = await Promise.all([
        streamed(ports[1], other, '/api/v1/chat/messages', { content }),
        streamed(ports[1], key.key, '/v1/chat/completions', { model: 'gpt-4o-mini', stream: true, messages }),
    ]);
    assert.equal((await post('/auth/logout', {}, { token: other })).status, 200);
    const path = `/api/v1/api-keys/${key.id}`;
    assert.equal((await ask(ports[0], { method: 'DELETE', path, token: account.token })).status, 200);
    for (const text of await Promise.all([own.end(), openai.end()])) assert.ok(!text.includes('tok599'), text);
});

test('a socket is closed when the second factor that its role rests on is gone', async ({ system, ports, join }) => {
    const account = await join('pro');
    await appoint(system, account, 'admin', ports);
    const socket = await Wire.open(ports[1], account.token);
    assert.equal((await socket.reply('subscribe', { channel: 'crisis' })).type, 'subscribed');
    await system.rows('update sessions set second_factor = false where user_id = $1', [account.id]);
    assert.equal(await socket.closed(30_000), policy_violation, 'it is looked at without a frame');
});

test('an account has a limited number of sockets, whatever their addresses are', async ({ ports, join }) => {
    const account = await join('pro');
    const open = (i) => Wire.open(ports[0], account.token, { from: `127.55.${i}.1` });
    const sockets = await Promise.all(Array.from({ length: 100 }, (_, i) => open(i)));
    rejected(await Wire.rejection(ports[0], account.token), 429, 'TOO_MANY_SOCKETS');
    const bystander = await join('pro');
    await Wire.open(ports[0], bystander.token);
    sockets[0].end();
    await eventually('there is room again', () => open(101).then(Boolean, () => false));
});
