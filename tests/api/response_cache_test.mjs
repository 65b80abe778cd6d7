// Each gateway caches responses; none that was read before a change is served after it, whatever changed it and on
// which gateway.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { ask, Wire } from '../support/js/raw.mjs';
import { withSystem, print } from '../support/js/scenario.mjs';

const scenario = withSystem();

const call =
    (system, gateway, { token }) =>
    async (method, path, json) =>
        ask(system.program(gateway).port, { method, path: `/api/v1${path}`, token, json });

async function both({ system }) {
    const user = await system.user();
    return { user, a: call(system, 'gateway-1', user), b: call(system, 'gateway-2', user) };
}
const profile = async (api) => (await api('GET', '/users/profile')).json.data;
const list = async (api) => (await api('GET', '/conversations')).json.data;
const messages = async (api, id) => (await api('GET', `/conversations/${id}/messages`)).json;
const found = async (api, word) => (await api('GET', `/search/messages?q=${word}`)).json.data;
const send = async (api, id, content) =>
    api('POST', `/conversations/${id}/messages`, { content: `${content} [[stub tokens=3]]` });

scenario("AIRI-05 AIRI-27: a change through one gateway is in the other's next response, 300 times", async (stage) => {
    const { a, b } = await both(stage);
    const { id } = (await a('POST', '/conversations', { title: 'start' })).json.data;
    for (let turn = 0; turn < 100; ++turn) {
        const [writer, reader] = turn % 2 ? [a, b] : [b, a];
        assert.equal((await writer('PATCH', '/users/profile', { display_name: `name ${turn}` })).status, 200);
        assert.equal((await profile(reader)).display_name, `name ${turn}`);
        assert.equal((await writer('PATCH', `/conversations/${id}`, { title: `title ${turn}` })).status, 200);
        assert.equal((await list(reader))[0].title, `title ${turn}`);
        const starred = turn % 2 === 0;
        await reader('PATCH', `/conversations/${id}`, { starred });
        assert.equal((await writer('GET', `/conversations/${id}`)).json.data.starred, starred);
    }
});

scenario("a worker's write is in the next response: the reply, the list, the search", async (stage) => {
    const { a, b } = await both(stage);
    const { id } = (await a('POST', '/conversations', {})).json.data;
    for (let turn = 0; turn < 10; ++turn) {
        const word = `harbour${turn}`;
        assert.deepEqual(await found(b, word), []);
        assert.equal((await messages(b, id)).data.length, turn * 2);
        const reply = (await send(a, id, word)).json.data;
        const { data, meta } = await messages(b, id);
        assert.deepEqual([data.length, data.at(-1).id, meta.generating], [turn * 2 + 2, reply.id, null]);
        assert.equal((await list(b))[0].message_count, turn * 2 + 2);
        assert.equal((await found(b, word)).length, 1);
    }
    const { message_id: gone } = (await found(a, 'harbour3'))[0];
    await a('DELETE', `/conversations/${id}/messages/${gone}`);
    assert.deepEqual(await found(b, 'harbour3'), []);
});

scenario('a conversation started over a socket is in a list that was cached before', async (stage) => {
    const { user, b } = await both(stage);
    assert.deepEqual(await list(b), []);
    const wire = await Wire.open(stage.system.program('gateway-1').port, user.token);
    const accepted = await wire.reply('message_send', {
        client_message_id: '1',
        content: 'hello [[stub tokens=200 rate=50]]',
    });
    assert.equal((await list(b))[0].id, accepted.data.conversation_id);
    await eventually(
        'the running reply is announced',
        async () => (await messages(b, accepted.data.conversation_id)).meta.generating?.length === 1,
    );
    await wire.receive('a reply', (frame) => frame.type === 'message_complete');
    assert.equal((await messages(b, accepted.data.conversation_id)).meta.generating, null);
    wire.end();
});

scenario('a cached response is not read from Postgres again and is never served to another user', async (stage) => {
    const { system } = stage;
    const [one, other] = [await both(stage), await both(stage)];
    const first = await one.a('GET', '/users/profile');
    await system.rows("update users set display_name = 'behind our back' where id = $1", [one.user.id]);
    // Any of its threads may answer; by now each has read it once.
    await eventually('it is cached', async () => (await one.a('GET', '/users/profile')).text === first.text);
    assert.equal((await profile(other.a)).id, other.user.id);
    await system.redis('FLUSHALL');
    assert.equal(
        (await profile(one.a)).display_name,
        'behind our back',
        'after a loss of Redis everything is read again',
    );
});

scenario('every response is fresh while Redis is down and right after it returns', async (stage) => {
    const { system } = stage;
    const { a, b } = await both(stage);
    await Promise.all([profile(a), profile(b)]);
    await system.kill('redis');
    for (let turn = 0; turn < 10; ++turn) {
        assert.equal((await a('PATCH', '/users/profile', { display_name: `away ${turn}` })).status, 200);
        assert.equal((await profile(b)).display_name, `away ${turn}`);
    }
    await system.start('redis');
    const begun = Date.now();
    for (let turn = 0; turn < 100; ++turn) {
        await a('PATCH', '/users/profile', { display_name: `back ${turn}` });
        assert.equal((await profile(b)).display_name, `back ${turn}`);
    }
    print(`100 changes and reads in ${Date.now() - begun} ms`);
});
