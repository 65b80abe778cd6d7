// Answers are kept by each gateway; none that was read before a change is given after it, whoever changed what, and on which
// gateway.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { ask, Wire } from '../support/js/raw.mjs';
import { onSystem, say } from '../support/js/scenario.mjs';

const scenario = onSystem({ gateways: 2 });

const at =
    (system, gateway, { token }) =>
    async (method, path, json) =>
        ask(system.program(gateway).port, { method, path: `/api/v1${path}`, token, json });

async function both({ system }) {
    const user = await system.user();
    return { user, a: at(system, 'gateway-1', user), b: at(system, 'gateway-2', user) };
}
const profile = async (of) => (await of('GET', '/users/profile')).json.data;
const list = async (of) => (await of('GET', '/conversations')).json.data;
const messages = async (of, id) => (await of('GET', `/conversations/${id}/messages`)).json;
const found = async (of, word) => (await of('GET', `/search/messages?q=${word}`)).json.data;
const send = async (of, id, content) =>
    of('POST', `/conversations/${id}/messages`, { content: `${content} [[stub tokens=3]]` });

scenario(
    'AIRI-05 AIRI-27: what one gateway was told, the other one shows in its next answer, 300 times',
    async (on) => {
        const { a, b } = await both(on);
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
    },
);

scenario('what the workers write is in the next answer: the reply, the list, the search', async (on) => {
    const { a, b } = await both(on);
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

scenario('a conversation that begins over a socket is in the list that was asked for before', async (on) => {
    const { user, b } = await both(on);
    assert.deepEqual(await list(b), []);
    const wire = await Wire.open(on.system.program('gateway-1').port, user.token);
    const accepted = await wire.reply('message_send', {
        client_message_id: '1',
        content: 'hello [[stub tokens=200 rate=50]]',
    });
    assert.equal((await list(b))[0].id, accepted.data.conversation_id);
    await eventually(
        'the reply under way is told of',
        async () => (await messages(b, accepted.data.conversation_id)).meta.generating?.length === 1,
    );
    await wire.hear('a reply', (frame) => frame.type === 'message_complete');
    assert.equal((await messages(b, accepted.data.conversation_id)).meta.generating, null);
    wire.end();
});

scenario('the same answer is not read from Postgres again, and belongs to nobody else', async (on) => {
    const { system } = on;
    const [one, other] = [await both(on), await both(on)];
    const first = await one.a('GET', '/users/profile');
    await system.rows("update users set display_name = 'behind our back' where id = $1", [one.user.id]);
    // Which of its threads answers is chance; each has read it once.
    await eventually('it is kept', async () => (await one.a('GET', '/users/profile')).text === first.text);
    assert.equal((await profile(other.a)).id, other.user.id);
    await system.redis('FLUSHALL');
    assert.equal((await profile(one.a)).display_name, 'behind our back', 'after Redis has lost all, all is read anew');
});

scenario('without Redis every answer is fresh, and so it is when Redis comes back', async (on) => {
    const { system } = on;
    const { a, b } = await both(on);
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
    say(`100 changes and readings in ${Date.now() - begun} ms`);
});
