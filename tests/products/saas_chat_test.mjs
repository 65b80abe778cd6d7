// The AIRI SaaS's chat paths as its client reads them: lists without an envelope.

import assert from 'node:assert/strict';

import { withProduct } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withProduct('saas');

test('lists below /api/chat are bare arrays with the next page in Link, and a message is answered whole', async ({
    ports,
    join,
}) => {
    const { token } = await join();
    const get = (path) => ask(ports[0], { path: `/api${path}`, token });
    const send = (json) => ask(ports[0], { method: 'POST', path: '/api/chat/messages', token, json });
    const first = await send({ content: 'one [[stub tokens=2]]' });
    assert.deepEqual([first.status, first.json.data.role], [201, 'assistant'], first.text);
    const { conversation_id: id } = first.json.data;
    assert.equal((await send({ conversationId: id, content: 'two [[stub tokens=2]]' })).status, 201);
    await send({ content: 'elsewhere [[stub tokens=2]]' });
    const list = await get('/chat/conversations?limit=1');
    assert.ok(Array.isArray(list.json) && list.json.length === 1, list.text);
    const next = /<([^>]+)>; rel="next"/.exec([list.headers.link].flat().join())[1];
    const rest = await ask(ports[1], { path: next, token });
    assert.deepEqual(
        rest.json.map((one) => one.id),
        [id],
    );
    const messages = await get(`/chat/conversations/${id}/messages`);
    assert.deepEqual(
        messages.json.map((one) => one.role),
        ['user', 'assistant', 'user', 'assistant'],
    );
    assert.deepEqual((await get(`/conversations/${id}/messages`)).json.data, messages.json);
    rejected(await get(`/chat/conversations/${crypto.randomUUID()}/messages`), 404, 'NOT_FOUND');
    rejected(await ask(ports[0], { path: '/api/chat/conversations' }), 401, 'UNAUTHENTICATED');
});
