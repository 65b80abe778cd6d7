// The page's chat client and reply without a browser and a system: the test plays the server's side of the socket.

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';

// The page's files have no package.json that declares them as modules.
const pages = new URL('../../gateway/pages/client/', import.meta.url).pathname;
const copy = mkdtempSync(join(tmpdir(), 'airi-pages-'));
for (const name of ['chat_client.js', 'reply.js', 'thread.js']) copyFileSync(join(pages, name), join(copy, name));
writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
const { ChatClient } = await import(join(copy, 'chat_client.js'));
const { Reply } = await import(join(copy, 'reply.js'));
const { Thread } = await import(join(copy, 'thread.js'));
rmSync(copy, { recursive: true });

const ids = { generation_id: 'g', message_id: 'r', conversation_id: 'c' };
const at = (epoch, offset, more = {}) => ({ ...ids, epoch, offset, ...more });

class FakeSocket {
    static all = [];
    readyState = 0;
    said = [];

    constructor() {
        FakeSocket.all.push(this);
    }

    send(text) {
        this.said.push(JSON.parse(text));
    }

    close() {
        this.readyState = 3;
    }

    open() {
        this.readyState = 1;
        this.onopen();
    }

    hears(type, data, id) {
        this.onmessage({ data: JSON.stringify({ type, id, data }) });
    }

    of(type) {
        return this.said.filter((frame) => frame.type === type);
    }
}

class MemoryStorage {
    kept = new Map();
    getItem = (key) => this.kept.get(key) ?? null;
    setItem = (key, value) => this.kept.set(key, value);
    removeItem = (key) => this.kept.delete(key);
}

function started({ storage = null, verify = async () => {}, reconnect = {} } = {}) {
    FakeSocket.all = [];
    const session = { freshToken: async () => 'token', verify };
    const client = new ChatClient({ url: 'ws://nowhere', session, storage, socket: FakeSocket, reconnect });
    const heard = [];
    for (const type of ['accepted', 'rejected', 'reply', 'lost', 'opened'])
        client.addEventListener(type, ({ detail }) => heard.push([type, detail]));
    client.connect();
    return { client, heard };
}

const socket = (n) => eventually(`connection ${n}`, () => FakeSocket.all[n - 1], { within: 5_000 });

await check('a reply applies each frame once and in order', () => {
    const reply = new Reply(ids);
    assert.equal(reply.apply('message_start', at(1, 0)), 'applied');
    assert.equal(reply.apply('message_delta', at(1, 1, { content: 'a' })), 'applied');
    assert.equal(reply.apply('message_delta', at(1, 1, { content: 'a' })), 'stale');
    assert.equal(reply.apply('message_delta', at(1, 3, { content: 'c' })), 'gap');
    assert.equal(reply.apply('message_delta', at(1, 2, { content: 'b' })), 'applied');
    assert.equal(reply.text, 'ab');
});

await check('a snapshot replaces the text, a restart clears it, and an older epoch is ignored', () => {
    const reply = new Reply(ids);
    assert.equal(reply.apply('message_snapshot', at(1, 7, { content: 'whole' })), 'applied');
    assert.equal(reply.apply('message_delta', at(1, 8, { content: '!' })), 'applied');
    assert.equal(reply.text, 'whole!');
    assert.equal(reply.apply('message_delta', at(2, 1, { content: 'x' })), 'gap');
    assert.equal(reply.apply('message_restart', at(2, 0)), 'applied');
    assert.equal(reply.text, '');
    assert.equal(reply.apply('message_delta', at(1, 9, { content: '?' })), 'stale');
    assert.equal(reply.apply('message_delta', at(2, 1, { content: 'new' })), 'applied');
    assert.equal(reply.text, 'new');
});

await check('the end sets the stored text, and later frames are ignored', () => {
    const reply = new Reply(ids);
    assert.equal(reply.apply('message_complete', at(1, 9, { message: { content: 'all of it' } })), 'applied');
    assert.equal(reply.text, 'all of it');
    assert.equal(reply.apply('message_delta', at(1, 10, { content: '…' })), 'stale');
});

await check('a gap is requested once, from the last known position', async () => {
    const { client } = started();
    const one = await socket(1);
    one.open();
    one.hears('message_start', at(1, 0));
    one.hears('message_delta', at(1, 1, { content: 'a' }));
    one.hears('message_delta', at(1, 3, { content: 'c' }));
    one.hears('message_delta', at(1, 4, { content: 'd' }));
    assert.deepEqual(
        one.of('resume').map((frame) => frame.data),
        [{ generation_id: 'g', epoch: 1, offset: 1 }],
    );
    one.hears('resumed', { generation_id: 'g', recovered: true });
    for (const [offset, content] of [
        [2, 'b'],
        [3, 'c'],
        [4, 'd'],
    ])
        one.hears('message_delta', at(1, offset, { content }));
    assert.equal(client.replies.get('g').text, 'abcd');
    client.close();
});

await check(
    'SAAS-30: a client connects again after the set time, as often as set, and then when it is told to',
    async () => {
        const { client } = started({ reconnect: { ms: 40, attempts: 3 } });
        const waits = [];
        client.addEventListener('state', ({ detail }) => {
            if (detail.state === 'waiting' && detail.retryAt) waits.push(detail.retryAt - Date.now());
        });
        for (let n = 1; n <= 4; ++n) (await socket(n)).onclose({ code: 1006 });
        await eventually('it has stopped', () => client.state === 'stopped', { within: 5_000 });
        assert.equal(waits.length, 3);
        assert.ok(
            waits.every((wait) => wait > 20 && wait <= 40),
            String(waits),
        );
        assert.equal(FakeSocket.all.length, 4, 'the first connection and three attempts');
        client.retryNow();
        await socket(5);
        assert.equal(client.state, 'connecting');
        client.close();
    },
);

await check('SAAS-30: channels, unaccepted messages and replies resume after a lost connection', async () => {
    const { client, heard } = started();
    const one = await socket(1);
    one.open();
    client.watch('conversation:c');
    const send = client.send({ content: 'hello', conversation_id: 'c' });
    one.hears('message_start', at(1, 0));
    one.hears('message_delta', at(1, 1, { content: 'a' }));
    one.onclose({ code: 1006 });
    const two = await socket(2);
    two.open();
    assert.deepEqual(
        two.of('subscribe').map((frame) => frame.data.channel),
        ['conversation:c'],
    );
    assert.deepEqual(
        two.of('message_send').map((frame) => frame.data.client_message_id),
        [send.client_message_id],
    );
    assert.deepEqual(
        two.of('resume').map((frame) => frame.data),
        [{ generation_id: 'g', epoch: 1, offset: 1 }],
    );
    one.onmessage?.({ data: '{"type":"message_delta"}' });
    assert.deepEqual(
        heard.filter(([type]) => type === 'opened').map(([, detail]) => detail.reconnected),
        [false, true],
    );
    client.close();
});

await check('an accepted message is followed to its end, even after a page reload', async () => {
    const storage = new MemoryStorage();
    const before = started({ storage });
    (await socket(1)).open();
    const send = before.client.send({ content: 'hello' });
    const [one] = FakeSocket.all;
    const { client_message_id } = send;
    one.hears('message_accepted', {
        client_message_id,
        conversation_id: 'c',
        message_id: 'm',
        reply_id: 'r',
        generation_id: 'g',
    });
    const { client, heard } = started({ storage });
    const two = await socket(1);
    two.open();
    assert.equal(two.of('message_send').length, 0);
    assert.deepEqual(
        two.of('resume').map((frame) => frame.data),
        [{ generation_id: 'g', epoch: 0, offset: -1 }],
    );
    two.hears('message_complete', at(1, 5, { message: { content: 'done' } }));
    assert.equal(heard.at(-1)[1].text, 'done');
    assert.equal(storage.getItem('airi.sends'), null);
    two.hears('message_delta', at(1, 4, { content: 'late' }));
    assert.equal(client.replies.size, 0);
    client.close();
    before.client.close();
});

await check('a rejected message can be sent again under its id', async () => {
    const { client, heard } = started();
    const one = await socket(1);
    one.open();
    const send = client.send({ content: 'hello', conversation_id: 'c' });
    one.hears('error', { code: 'QUOTA_EXCEEDED', message: 'used up', ref: one.of('message_send')[0].id });
    assert.equal(heard.at(-1)[0], 'rejected');
    assert.equal(client.sends.size, 0);
    client.sendAgain(send);
    assert.deepEqual(
        one.of('message_send').map((frame) => frame.data.client_message_id),
        [send.client_message_id, send.client_message_id],
    );
    client.close();
});

await check('a close with 1008 makes the client check its session', async () => {
    let asked = 0;
    const { client } = started({
        verify: async () => {
            asked += 1;
        },
    });
    const one = await socket(1);
    one.open();
    one.onclose({ code: 1008 });
    await socket(2);
    assert.equal(asked, 1);
    client.close();
});

await check('a thread shows each message once, whichever of its ids arrives first', () => {
    const thread = new Thread('c');
    const send = { client_message_id: 'k', content: 'hello', accepted: null };
    thread.addSend(send);
    const stored = {
        id: 'm',
        role: 'user',
        content: 'hello',
        status: 'accepted',
        client_message_id: 'k',
        created_at: '2026-01-01T10:00:00Z',
    };
    thread.addMessage(stored);
    thread.addSend({ ...send, accepted: { question_id: 'm', generation_id: 'g' } });
    thread.addReply(new Reply(ids));
    const end = {
        id: 'r',
        role: 'assistant',
        content: 'hi',
        status: 'completed',
        generation_id: 'g',
        created_at: '2026-01-01T10:00:00Z',
    };
    thread.addMessage(end);
    thread.addReply(new Reply(ids)); // what is still under way on the wire does not undo the end
    assert.deepEqual(
        thread.items.map((item) => [item.role, item.content, item.state]),
        [
            ['user', 'hello', 'sent'],
            ['assistant', 'hi', 'completed'],
        ],
    );
});

await check('an acceptance after the other copy of a message leaves one message', () => {
    const thread = new Thread('c');
    thread.addSend({ client_message_id: 'k', content: 'hello', accepted: null });
    thread.addMessage({
        id: 'm',
        role: 'user',
        content: 'hello',
        status: 'accepted',
        created_at: '2026-01-01T10:00:00Z',
    });
    thread.addSend({ client_message_id: 'k', content: 'hello', accepted: { question_id: 'm', generation_id: 'g' } });
    assert.equal(thread.items.length, 1);
});

await check('a reply that is rejected after it began stays with its text, and one before it marks the question', () => {
    const thread = new Thread('c');
    thread.addSend({ client_message_id: 'k', content: 'hello', accepted: { question_id: 'm', generation_id: 'g' } });
    const reply = new Reply({ ...ids, generation_id: 'g' });
    reply.apply('message_delta', at(1, 0, { content: 'So' }));
    const message = { content: 'So far', created_at: '2026-01-01T10:00:00Z' };
    assert.equal(reply.apply('message_rejected', at(1, 2, { reason: 'blocked_term:violence', message })), 'applied');
    thread.addReply(reply);
    assert.deepEqual(
        thread.items.map(({ role, state, content }) => [role, state, content]),
        [
            ['user', 'sent', 'hello'],
            ['assistant', 'rejected', 'So far'],
        ],
    );
    const refused = new Reply({ ...ids, generation_id: 'g' });
    refused.apply('message_rejected', at(1, 0, { reason: 'blocked_term:violence' }));
    thread.addReply(refused);
    assert.deepEqual(
        thread.items.map(({ role, state }) => [role, state]),
        [['user', 'rejected']],
    );
});
