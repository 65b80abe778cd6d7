// Ezri's talks with an avatar, over the conversations and messages that every product has.

import assert from 'node:assert/strict';

import { withProduct } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withProduct('ezri');
const call = (port, token) => (method, path, json) => ask(port, { method, path: `/v1${path}`, token, json });

async function joined(stage) {
    const account = await stage.join();
    return { ...account, api: call(stage.ports[0], account.token) };
}

const say = (user, conversation, text = 'hello') =>
    user.api('POST', '/ai/conversation/message', {
        conversation_id: conversation,
        content: `${text} [[stub tokens=4]]`,
    });

test('EZRI-23: a conversation starts with the chosen avatar and a session id of its own', async (stage) => {
    const user = await joined(stage);
    const start = (body) => user.api('POST', '/ai/conversation/start', body);
    const one = await start({ avatar_id: 'avatar-2' });
    assert.equal(one.status, 201, one.text);
    const { data } = one.json;
    assert.deepEqual(
        [data.avatar_id, data.status, data.ended_at, data.duration_seconds],
        ['avatar-2', 'active', null, null],
    );
    assert.equal(data.started_at, data.created_at);
    const [sol] = await stage.system.rows('select name from companions where id = $1', [data.companion_id]);
    assert.equal(sol.name, 'Sol');
    const other = (await start({ avatar_id: 'avatar-1' })).json.data;
    assert.notEqual(other.session_id, data.session_id);
    assert.match(other.session_id, /^[0-9a-f-]{36}$/);
    rejected(await start({ avatar_id: 'avatar-9' }), 404, 'NOT_FOUND', /avatar/);
    rejected(await start({ avatar_id: 5 }), 422, 'VALIDATION_FAILED', /\/avatar_id/);
    assert.equal((await start()).json.data.avatar_id, null);
    await user.api('POST', '/onboarding/avatar', { avatar_id: 'avatar-1' });
    assert.equal((await start()).json.data.avatar_id, 'avatar-1', 'the one of the onboarding');
});

test('EZRI-23: a conversation is paused, and ended with its duration; a message reopens it', async (stage) => {
    const user = await joined(stage);
    const { id } = (await user.api('POST', '/ai/conversation/start', { avatar_id: 'avatar-1' })).json.data;
    const mark = async (status) => (await user.api('PATCH', `/conversations/${id}`, { status })).json.data;
    const now = async () => (await user.api('GET', `/ai/conversations/${id}`)).json.data.conversation;
    assert.equal((await say(user, id)).status, 201);
    assert.equal((await now()).status, 'active');
    const paused = await mark('paused');
    assert.deepEqual([paused.status, paused.ended_at, paused.duration_seconds], ['paused', null, null]);
    await stage.system.rows("update conversations set created_at = created_at - interval '90 seconds' where id = $1", [
        id,
    ]);
    const ended = await mark('ended');
    assert.equal(ended.status, 'ended');
    assert.ok(ended.duration_seconds >= 90 && ended.duration_seconds < 200, String(ended.duration_seconds));
    assert.equal((await mark('ended')).ended_at, ended.ended_at, 'it ends once');
    assert.deepEqual(await now(), await mark('ended'));
    assert.equal((await say(user, id, 'one more thing')).status, 201);
    const again = await now();
    assert.deepEqual([again.status, again.ended_at, again.duration_seconds], ['active', null, null]);
    rejected(await user.api('PATCH', `/conversations/${id}`, { status: 'gone' }), 422, 'VALIDATION_FAILED', /\/status/);
});

test('EZRI-25: history and details show messages with model and tokens to their user only', async (stage) => {
    const [user, other] = [await joined(stage), await joined(stage)];
    const { id } = (await user.api('POST', '/ai/conversation/start', { avatar_id: 'avatar-1' })).json.data;
    const second = (await user.api('POST', '/ai/conversation/start')).json.data.id;
    for (const text of ['first', 'second']) assert.equal((await say(user, id, text)).status, 201);
    const list = await user.api('GET', '/ai/conversations');
    assert.deepEqual(
        list.json.data.map((one) => [one.id, one.message_count]),
        [
            [id, 4],
            [second, 0],
        ],
    );
    const whole = (await user.api('GET', `/ai/conversations/${id}`)).json;
    assert.deepEqual([whole.data.conversation.id, whole.data.messages.length], [id, 4]);
    assert.deepEqual(
        whole.data.messages.map((one) => one.role),
        ['user', 'assistant', 'user', 'assistant'],
    );
    const { metadata } = whole.data.messages[1];
    assert.equal(metadata.model, 'gpt-4o-mini');
    assert.ok(metadata.tokens_in > 0 && metadata.tokens_out > 0);
    const page = (await user.api('GET', `/ai/conversations/${id}?limit=3`)).json;
    assert.deepEqual(page.data.messages, whole.data.messages.slice(1));
    const cursor = encodeURIComponent(page.meta.next_cursor);
    const rest = (await user.api('GET', `/ai/conversations/${id}?limit=3&cursor=${cursor}`)).json;
    assert.deepEqual([rest.data.messages, rest.meta.next_cursor], [whole.data.messages.slice(0, 1), null]);
    for (const path of [`/ai/conversations/${id}`, '/ai/conversations/x'])
        rejected(await other.api('GET', path), 404, 'NOT_FOUND');
    assert.deepEqual((await other.api('GET', '/ai/conversations')).json.data, []);
});

test("the AI service's path answers with the avatar, and its socket is its own user's", async (stage) => {
    const [user, other] = [await joined(stage), await joined(stage)];
    const asked = await user.api('POST', '/conversation', { message: 'hi [[stub tokens=4]]', avatar_id: 'avatar-2' });
    assert.equal(asked.status, 200, asked.text);
    const { message, conversation_id: id, tokens_used: tokens } = asked.json.data;
    assert.ok(message.length > 0 && tokens > 0);
    assert.equal((await user.api('GET', `/conversations/${id}`)).json.data.avatar_id, 'avatar-2');
    const next = await user.api('POST', '/conversation', { message: 'and [[stub tokens=4]]', conversation_id: id });
    assert.equal(next.json.data.conversation_id, id, next.text);
    rejected(await call(stage.ports[0])('POST', '/conversation', { message: 'hi' }), 401, 'UNAUTHENTICATED');
    rejected(await other.api('POST', '/conversation', { message: 'hi', conversation_id: id }), 404, 'NOT_FOUND');
    const path = `/ws/conversation/${user.id}`;
    const wire = await Wire.open(stage.ports[0], user.token, { path });
    assert.equal((await wire.reply('ping', {})).type, 'pong');
    rejected(await Wire.rejection(stage.ports[0], other.token, { path }), 404, 'NOT_FOUND');
    rejected(await Wire.rejection(stage.ports[0], null, { path }), 401);
    assert.equal(wire.code, null);
});
