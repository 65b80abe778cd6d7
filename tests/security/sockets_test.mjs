// Sockets and their credentials: a socket lives no longer than what opened it, and reads no more than HTTP allows.

import assert from 'node:assert/strict';

import { withAccounts } from '../support/js/accounts.mjs';
import { ask, claimsOf, signed, Wire } from '../support/js/raw.mjs';
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
