// Edits, regenerations and deletions beside each other and beside a running reply: one wins, and a reply whose question
// is gone is part of an earlier version.

import assert from 'node:assert/strict';

import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { withSystem } from '../support/js/scenario.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const scenario = withSystem();

const test = (name, act) =>
    scenario(name, async (stage) => {
        const { system } = stage;
        const user = await system.user();
        const ports = ['gateway-1', 'gateway-2'].map((each) => system.program(each).port);
        let turn = 0;
        const api = (method, path, json, headers) =>
            ask(ports[++turn % 2], { method, path: `/api/v1${path}`, token: user.token, json, headers });
        const { id } = (await api('POST', '/conversations', {})).json.data;
        const path = `/conversations/${id}/messages`;
        const listed = async () => (await api('GET', path)).json;
        const wire = await Wire.open(ports[0], user.token);
        // A reply that streams for seconds.
        const begin = async () => {
            const accepted = await wire.reply('message_send', {
                client_message_id: crypto.randomUUID(),
                conversation_id: id,
                content: 'slow [[stub tokens=200 rate=20]]',
            });
            const of = (frame) => frame.data?.generation_id === accepted.data.generation_id;
            await wire.receive('a delta', (frame) => frame.type === 'message_delta' && of(frame));
            return { ...accepted.data, end: () => wire.receive('its end', (f) => isEnd(f) && of(f)) };
        };
        await act({ system, user, api, id, path, listed, begin });
    });

const isEnd = ({ type }) => /^message_(complete|cancelled|failed|rejected)$/.test(type);

// The superseded reply is stored and billed once.
async function settled(system, generation) {
    return eventually('the earlier version is stored and billed', async () => {
        const [reply] = await system.rows(
            `select m.content, m.deleted_at, m.superseded_by, m.metadata, g.state from generations g
             join messages m on m.id = g.reply_id where g.id = $1`,
            [generation],
        );
        const bills = await system.rows(
            `select tokens_out::int, cost_nanousd::bigint from usage_log where reference = $1 and resource = 'tokens'`,
            [generation],
        );
        return reply && bills.length > 0 && { reply, bills };
    });
}

test('AIRI-23: an edit beside a running reply stops it, and that reply is an earlier version with its cost', async ({
    system,
    api,
    path,
    listed,
    begin,
    id,
}) => {
    const running = await begin();
    const edited = await api('PUT', `${path}/${running.message_id}`, { content: 'the sea [[stub tokens=3]]' });
    assert.equal(edited.status, 201, edited.text);
    assert.equal((await running.end()).type, 'message_cancelled');
    const { data, meta } = await listed();
    assert.deepEqual([data.map((m) => m.role), meta.generating], [['user', 'assistant'], null]);
    assert.equal(data[1].id, edited.json.data.id);
    const { reply, bills } = await settled(system, running.generation_id);
    assert.ok(reply.deleted_at && reply.superseded_by === data[0].id && reply.metadata.superseded);
    assert.ok(reply.content.length > 0 && bills.length === 1 && bills[0].tokens_out > 0);
    const versions = (await api('GET', `${path}/${data[0].id}/versions`)).json.data;
    assert.deepEqual(
        versions.map((m) => m.role),
        ['user', 'assistant'],
    );
    const exported = (await api('GET', `/conversations/${id}/export`)).json.data.messages;
    assert.deepEqual(
        exported.map((m) => m.id),
        data.map((m) => m.id),
    );
    assert.equal((await api('GET', `/conversations/${id}`)).json.data.message_count, 2);
    const next = await api('POST', path, { content: 'next [[stub tokens=3 id=next-prompt]]' });
    assert.equal(next.status, 201, next.text);
    const [prompt] = await system.stubRequests('next-prompt');
    assert.equal(prompt.messages, 3, 'no prompt has the earlier version');
    rejected(await api('PUT', `${path}/${running.message_id}`, { content: 'again' }), 409, 'MESSAGE_REPLACED');
    rejected(await api('DELETE', `${path}/${running.message_id}`), 409, 'MESSAGE_REPLACED');
});

test('AIRI-23: of concurrent edits, regenerations and deletions of one question one wins, the others get 409', async ({
    system,
    api,
    path,
    listed,
}) => {
    for (const wait of ['wait=0', 'wait=30']) {
        const first = (await api('POST', path, { content: 'first [[stub tokens=3]]' })).json.data;
        const { data: before } = await listed();
        const question = before.at(-2);
        const calls = Array.from({ length: 6 }, (_, i) =>
            i % 2
                ? api('PUT', `${path}/${question.id}`, { content: `edit ${i} [[stub tokens=3]]` }, { Prefer: wait })
                : api('POST', `${path}/${first.id}/regenerate`, {}, { Prefer: wait }),
        );
        const answers = await Promise.all(calls);
        const won = answers.filter((one) => one.status < 300);
        assert.equal(won.length, 1, answers.map((one) => one.status).join());
        for (const one of answers) if (one !== won[0]) rejected(one, 409, 'MESSAGE_REPLACED');
        await eventually('the reply to the new question is there', async () => {
            const { data, meta } = await listed();
            return meta.generating === null && data.length === before.length && data.at(-2).id !== question.id;
        });
    }
    // A deletion beside an edit.
    const { data } = await listed();
    const [edit, deletion] = await Promise.all([
        api('PUT', `${path}/${data.at(-2).id}`, { content: 'edit [[stub tokens=3]]' }),
        api('DELETE', `${path}/${data.at(-2).id}`),
    ]);
    if (edit.status === 201) rejected(deletion, 409, 'MESSAGE_REPLACED');
    else assert.deepEqual([edit.status, deletion.status], [404, 200]);
    const [{ n }] = await system.rows(
        "select count(*)::int as n from generations where state in ('queued', 'running') and conversation_id = $1",
        [path.split('/')[2]],
    );
    assert.equal(n, 0);
});

test('AIRI-23: a claim of a question that was never sent is given back, and expires', async ({
    system,
    api,
    path,
    listed,
}) => {
    await api('POST', path, { content: 'first [[stub tokens=3]]' });
    const [question] = (await listed()).data;
    const edit = (content) => api('PUT', `${path}/${question.id}`, { content });
    assert.equal((await edit('   ')).status, 422);
    assert.equal((await edit('kill yourself [[stub tokens=3]]')).status, 422, 'moderation rejects it');
    // As it is left by a gateway that died.
    await system.rows(
        'update generations set replaced_by = gen_random_uuid(), replaced_at = now() where message_id = $1',
        [question.id],
    );
    rejected(await edit('better [[stub tokens=3]]'), 409, 'MESSAGE_REPLACED');
    await system.rows("update generations set replaced_at = now() - interval '2 minutes' where message_id = $1", [
        question.id,
    ]);
    assert.equal((await edit('better [[stub tokens=3]]')).status, 201);
});

test('AIRI-24: the deletion of a question stops its reply, which is neither shown, counted nor in a prompt', async ({
    system,
    api,
    id,
    path,
    listed,
    begin,
}) => {
    const running = await begin();
    assert.equal((await api('DELETE', `${path}/${running.message_id}`)).status, 200);
    assert.equal((await running.end()).type, 'message_cancelled');
    const { reply, bills } = await settled(system, running.generation_id);
    assert.ok(reply.deleted_at && reply.superseded_by === null && bills.length === 1);
    assert.deepEqual((await listed()).data, []);
    const shown = (await api('GET', `/conversations/${id}`)).json.data;
    assert.deepEqual([shown.message_count, shown.last_message_preview], [0, null]);
});

test('AIRI-17: a deleted conversation takes no message on any surface or gateway, at once', async ({
    system,
    user,
    api,
    id,
    path,
    begin,
}) => {
    const running = await begin();
    const ports = ['gateway-1', 'gateway-2'].map((each) => system.program(each).port);
    // Every gateway thread has the owner cached.
    await Promise.all(Array.from({ length: 16 }, () => api('POST', path, { content: 'x' }, { Prefer: 'wait=0' })));
    assert.equal((await api('DELETE', `/conversations/${id}`)).status, 200);
    const sends = Array.from({ length: 16 }, (_, i) =>
        ask(ports[i % 2], {
            method: 'POST',
            path: i % 4 < 2 ? `/api/v1${path}` : '/api/v1/chat/messages',
            token: user.token,
            json: { content: 'x', ...(i % 4 < 2 ? {} : { conversation_id: id }) },
            headers: { Prefer: 'wait=0', Connection: 'close' },
        }),
    );
    for (const one of await Promise.all(sends)) rejected(one, 404, 'NOT_FOUND');
    for (const port of ports) {
        const wire = await Wire.open(port, user.token);
        const answer = await wire.reply('message_send', {
            client_message_id: crypto.randomUUID(),
            conversation_id: id,
            content: 'x',
        });
        assert.deepEqual([answer.type, answer.data.code], ['error', 'NOT_FOUND']);
    }
    assert.equal((await running.end()).type, 'message_cancelled');
    await eventually('nothing is left under way', async () => {
        const [{ n }] = await system.rows(
            `select count(*)::int as n from generations where conversation_id = $1 and state in ('queued', 'running')`,
            [id],
        );
        return n === 0;
    });
    assert.equal((await api('POST', `/conversations/${id}/restore`, {})).status, 200);
    const { data } = (await api('GET', `${path}?limit=100`)).json;
    assert.deepEqual(
        data.slice(0, 2).map((m) => [m.id, m.status]),
        [
            [running.message_id, 'accepted'],
            [running.reply_id, 'cancelled'],
        ],
    );
    assert.equal((await api('POST', path, { content: 'again [[stub tokens=3]]' })).status, 201);
});
