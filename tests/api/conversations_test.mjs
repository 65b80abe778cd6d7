// Conversations, messages, templates and companions from their owner's view.

import assert from 'node:assert/strict';

import { withBystander, conversationOf } from '../support/js/bystander.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withBystander();

const call = (port, token) => async (method, path, json) => ask(port, { method, path: `/api/v1${path}`, token, json });
const sendMessage = (api, id, content, more = {}) =>
    api('POST', `/conversations/${id}/messages`, { content: `${content} [[stub tokens=3]]`, ...more });

test('AIRI-16 AIRI-17 SAAS-21: conversations are created, starred, archived, tagged, deleted and restored', async ({
    port,
    alice,
}) => {
    const api = call(port, alice.token);
    const made = (await api('POST', '/conversations', { title: 'Trip' })).json.data;
    const changed = (
        await api('PUT', `/conversations/${made.id}`, {
            title: 'Journey',
            starred: true,
            tags: ['b', 'a'],
            system_prompt: 'be brief',
        })
    ).json.data;
    assert.deepEqual(
        [changed.title, changed.starred, changed.tags, changed.system_prompt, changed.archived],
        ['Journey', true, ['a', 'b'], 'be brief', false],
    );
    assert.equal(
        (await api('PATCH', `/conversations/${made.id}`, { system_prompt: null })).json.data.system_prompt,
        null,
    );
    const faulty = await api('PATCH', `/conversations/${made.id}`, { tags: ['a', 'a'], starred: 1, nonsense: 1 });
    rejected(faulty, 422, 'VALIDATION_FAILED');
    assert.deepEqual(
        faulty.json.error.details.map((one) => one.pointer).sort(),
        ['/nonsense', '/starred', '/tags'],
        'all of them at once',
    );
    const ids = async (query) => (await api('GET', `/conversations?${query}`)).json.data.map((one) => one.id);
    assert.deepEqual(await ids('starred=true'), [made.id]);
    assert.deepEqual(await ids('tag=a'), [made.id]);
    assert.deepEqual(await ids('tag=c'), []);
    assert.equal((await api('PATCH', `/conversations/${made.id}`, { archived: true })).json.data.archived, true);
    assert.deepEqual(await ids('archived=true'), [made.id]);
    assert.ok(!(await ids('archived=false')).includes(made.id));
    assert.equal((await api('DELETE', `/conversations/${made.id}`)).status, 200);
    rejected(await api('GET', `/conversations/${made.id}`), 404);
    rejected(await sendMessage(api, made.id, 'hello'), 404);
    assert.deepEqual(await ids('deleted=true'), [made.id]);
    assert.equal((await api('POST', `/conversations/${made.id}/restore`, {})).json.data.deleted_at, null);
    assert.equal((await api('GET', `/conversations/${made.id}`)).json.data.title, 'Journey');
});

test("AIRI-17: a conversation's model is the one asked, and its tokens are those of its replies", async ({
    port,
    alice,
    system,
}) => {
    const api = call(port, alice.token);
    const unknown = { model: 'gpt-99-nonexistent' };
    rejected(await api('POST', '/conversations', unknown), 422, 'VALIDATION_FAILED', /model/);
    const { id, model } = await conversationOf(port, alice.token, { model: 'gpt-4o-mini' });
    assert.equal(model, 'gpt-4o-mini');
    for (const method of ['PUT', 'PATCH'])
        rejected(await api(method, `/conversations/${id}`, unknown), 422, 'VALIDATION_FAILED', /model/);
    assert.equal((await api('GET', `/conversations/${id}`)).json.data.model, 'gpt-4o-mini', 'and stays');
    const askedOf = async () => {
        const mark = `m${crypto.randomUUID().slice(0, 8)}`;
        const { metadata } = (await sendMessage(api, id, mark)).json.data;
        const [asked, ...more] = await system.stubRequests(mark);
        assert.equal(more.length, 0);
        tokens += metadata.tokens_in + metadata.tokens_out;
        return [metadata.model, asked.provider, asked.model];
    };
    let tokens = 0;
    assert.deepEqual(await askedOf(), ['gpt-4o-mini', 'openai', 'gpt-4o-mini']);
    assert.equal((await api('PUT', `/conversations/${id}`, { model: 'gpt-3.5-turbo' })).status, 200);
    // The name that OpenAI has retired, its successor's id, and the name on the bill.
    assert.deepEqual(await askedOf(), ['gpt-3.5-turbo', 'openai', 'gpt-4.1-mini']);
    assert.equal((await api('PUT', `/conversations/${id}`, { model: null })).status, 200);
    assert.equal((await askedOf())[0], 'gpt-3.5-turbo', "the plan's first model");
    assert.ok(tokens > 9);
    assert.equal((await api('GET', `/conversations/${id}`)).json.data.tokens_total, tokens);
});

test('AIRI-18: the list shows the last message, the message count and the unread count', async ({ port, alice }) => {
    const api = call(port, alice.token);
    const { id } = await conversationOf(port, alice.token);
    const reply = (await sendMessage(api, id, 'how are you')).json.data;
    const one = (await api('GET', '/conversations')).json.data.find((each) => each.id === id);
    assert.deepEqual([one.message_count, one.last_message_preview, one.unread], [2, reply.content.slice(0, 120), true]);
    assert.match(one.title, /^how are you/);
    assert.equal((await api('POST', `/conversations/${id}/read`, {})).json.data.unread, false);
});

test('AIRI-18: a deleted or replaced message is in neither the preview, the count nor the title of the list', async ({
    port,
    alice,
    system,
}) => {
    const api = call(port, alice.token);
    const { id } = await conversationOf(port, alice.token);
    const one = async () => (await api('GET', '/conversations')).json.data.find((each) => each.id === id);
    const shown = async () => {
        const { message_count, last_message_preview, title } = await one();
        return [message_count, last_message_preview, title];
    };
    const remove = async (message) => {
        for (let times = 0; times < 2; ++times)
            assert.equal((await api('DELETE', `/conversations/${id}/messages/${message.id}`)).status, 200);
    };
    await sendMessage(api, id, 'walrus');
    const second = (await sendMessage(api, id, 'otter')).json.data;
    const [asked, , askedNext] = (await api('GET', `/conversations/${id}/messages`)).json.data;
    assert.deepEqual(await shown(), [4, second.content.slice(0, 120), asked.content.slice(0, 60)]);
    assert.equal((await api('POST', `/conversations/${id}/read`, {})).json.data.unread, false);
    await remove(second);
    assert.deepEqual(await shown(), [3, askedNext.content.slice(0, 120), asked.content.slice(0, 60)]);
    assert.equal((await one()).unread, false);
    // An edited question takes its reply with it; its words were the title.
    const edited = await api('PUT', `/conversations/${id}/messages/${asked.id}`, {
        content: 'seal [[stub tokens=4]]',
    });
    assert.equal(edited.status, 201, edited.text);
    const reply = edited.json.data;
    assert.deepEqual(await shown(), [2, reply.content.slice(0, 120), 'seal [[stub tokens=4]]']);
    assert.ok(!JSON.stringify(await one()).match(/walrus|otter/));
    await remove(reply);
    const [left] = (await api('GET', `/conversations/${id}/messages`)).json.data;
    assert.deepEqual(await shown(), [1, left.content, left.content]);
    await remove(left);
    assert.deepEqual(await shown(), [0, null, '']);
    assert.equal((await one()).last_message_at, null);
    assert.ok(!JSON.stringify(await one()).includes('seal'));
    // Nothing is counted of a turn whose question is deleted before its reply has ended.
    const { generation_id } = (
        await ask(port, {
            method: 'POST',
            path: `/api/v1/conversations/${id}/messages`,
            token: alice.token,
            json: { content: 'slow [[stub tokens=20 rate=20]]' },
            headers: { Prefer: 'wait=0' },
        })
    ).json.data;
    await eventually('it is being answered', async () =>
        (await api('GET', `/conversations/${id}/messages`)).json.meta.generating?.some(
            (each) => each.generation_id === generation_id && each.state === 'running',
        ),
    );
    const [running] = (await api('GET', `/conversations/${id}/messages`)).json.data;
    assert.equal(running.generation_id, generation_id);
    await remove(running);
    assert.ok((await one()).message_count >= 0);
    await eventually(
        'the reply has ended',
        async () =>
            (await system.rows("select from generations where id = $1 and state = 'cancelled'", [generation_id]))
                .length === 1,
    );
    assert.equal((await one()).message_count, 0);
});

test('AIRI-23: editing and regenerating keep the earlier version, and a retry creates no second one', async ({
    port,
    alice,
    system,
}) => {
    const api = call(port, alice.token);
    const { id } = await conversationOf(port, alice.token);
    const texts = async () =>
        (await api('GET', `/conversations/${id}/messages`)).json.data.map((m) => [m.role, m.content.split(' [[')[0]]);
    await sendMessage(api, id, 'first');
    await sendMessage(api, id, 'second');
    const asked = (await api('GET', `/conversations/${id}/messages`)).json.data.find((m) =>
        m.content.startsWith('second'),
    );
    await sendMessage(api, id, 'third');
    assert.equal((await texts()).length, 6);
    const edit = { content: 'second, better [[stub tokens=4]]', client_message_id: 'edit-1' };
    const edited = await api('PUT', `/conversations/${id}/messages/${asked.id}`, edit);
    assert.equal(edited.status, 201, edited.text);
    const now = await texts();
    assert.deepEqual(
        now.map(([role, text]) => (role === 'user' ? text : role)),
        ['first', 'assistant', 'second, better', 'assistant'],
    );
    const fresh = (await api('GET', `/conversations/${id}/messages`)).json.data[2];
    assert.equal(edited.json.data.generation_id, fresh.generation_id);
    const versions = (await api('GET', `/conversations/${id}/messages/${fresh.id}/versions`)).json.data;
    assert.deepEqual(
        versions.map((m) => m.role),
        ['user', 'assistant', 'user', 'assistant'],
    );
    rejected(
        await api('PUT', `/conversations/${id}/messages/${asked.id}`, { content: 'again' }),
        409,
        'MESSAGE_REPLACED',
    );
    const again = (
        await api('POST', `/conversations/${id}/messages/${edited.json.data.id}/regenerate`, {
            client_message_id: 're-1',
        })
    ).json.data;
    assert.notEqual(again.id, edited.json.data.id);
    assert.equal((await texts()).length, 4);
    assert.equal((await api('GET', `/conversations/${id}`)).json.data.message_count, 4);
    const [{ n }] = await system.rows(
        "select count(*)::int as n from generations where conversation_id = $1 and state = 'completed'",
        [id],
    );
    assert.equal(n, 5);
});

test('AIRI-23 AIRI-24: a reply is rated, and a deleted message disappears from lists, search and exports', async ({
    port,
    alice,
}) => {
    const api = call(port, alice.token);
    const { id } = await conversationOf(port, alice.token);
    const reply = (await sendMessage(api, id, 'tell me of walruses')).json.data;
    assert.equal(
        (await api('PUT', `/conversations/${id}/messages/${reply.id}/rating`, { rating: 1 })).json.data.rating,
        1,
    );
    assert.equal(
        (await api('PUT', `/conversations/${id}/messages/${reply.id}/rating`, { rating: null })).json.data.rating,
        null,
    );
    rejected(await api('PUT', `/conversations/${id}/messages/${reply.id}/rating`, { rating: 5 }), 422);
    const [question] = (await api('GET', `/conversations/${id}/messages`)).json.data;
    rejected(await api('PUT', `/conversations/${id}/messages/${question.id}/rating`, { rating: 1 }), 404);
    assert.equal((await api('GET', '/search/messages?q=walruses')).json.data[0].message_id, question.id);
    const markdown = await ask(port, {
        path: `/api/v1/conversations/${id}/export?format=markdown`,
        token: alice.token,
    });
    assert.match(markdown.headers['content-type'], /^text\/markdown/);
    assert.match(markdown.text, /## user, .*\n\ntell me of walruses/);
    assert.equal((await api('DELETE', `/conversations/${id}/messages/${question.id}`)).status, 200);
    assert.deepEqual((await api('GET', '/search/messages?q=walruses')).json.data, []);
    const exported = (await api('GET', `/conversations/${id}/export`)).json.data;
    assert.deepEqual(
        exported.messages.map((m) => m.id),
        [reply.id],
    );
});

test('AIRI-27: search covers all conversations, has pages, escapes HTML and supports languages', async ({
    port,
    alice,
    bob,
}) => {
    const api = call(port, alice.token);
    const { id } = await conversationOf(port, alice.token);
    for (const text of ['<b>zebras</b> & friends', 'a zebra runs', 'zebras sleep', 'nothing of that kind'])
        await sendMessage(api, id, text);
    const found = (await api('GET', '/search/messages?q=zebras')).json;
    assert.equal(found.data.length, 2);
    assert.match(found.data.map((one) => one.highlight).join('\n'), /<mark>zebras<\/mark>&lt;\/b&gt; &amp; friends/);
    assert.equal((await api('GET', '/search/messages?q=zebra&language=english')).json.data.length, 3, 'word forms');
    const first = (await api('GET', '/search/messages?q=zebras&limit=1')).json;
    const next = (
        await api('GET', `/search/messages?q=zebras&limit=1&cursor=${encodeURIComponent(first.meta.next_cursor)}`)
    ).json;
    assert.deepEqual(
        [...first.data, ...next.data].map((one) => one.message_id),
        found.data.map((one) => one.message_id),
    );
    assert.equal(next.meta.next_cursor, null);
    assert.equal((await api('GET', '/search/messages?q=zebras+-sleep')).json.data.length, 1);
    assert.deepEqual((await call(port, bob.token)('GET', '/search/messages?q=zebras')).json.data, []);
    rejected(await api('GET', '/search/messages'), 400, 'BAD_REQUEST', /"q"/);
    rejected(await api('GET', '/search/messages?q=x&language=klingon'), 400, 'BAD_REQUEST', /language/);
    const odd = ["'", '"', ':*', '!!', '((', '\\'].map(encodeURIComponent);
    for (const query of [...odd, '%00', '%F0%9F%A6%93']) {
        const answer = await ask(port, { path: `/api/v1/search/messages?q=${query}`, token: alice.token });
        assert.ok(answer.status < 500, query);
    }
});

test('AIRI-20: templates fill in a new conversation and are visible to their owner only', async ({
    port,
    alice,
    bob,
}) => {
    const [api, bobs] = [call(port, alice.token), call(port, bob.token)];
    const made = (
        await api('POST', '/conversation-templates', {
            name: 'Tutor',
            title: 'Lesson',
            system_prompt: 'teach',
            tags: ['school'],
        })
    ).json.data;
    const conversation = (await api('POST', '/conversations', { template_id: made.id, title: 'Algebra' })).json.data;
    assert.deepEqual(
        [conversation.title, conversation.system_prompt, conversation.tags],
        ['Algebra', 'teach', ['school']],
    );
    rejected(await bobs('POST', '/conversations', { template_id: made.id }), 404);
    assert.ok(!(await bobs('GET', '/conversation-templates')).json.data.some((one) => one.id === made.id));
    rejected(await bobs('DELETE', `/conversation-templates/${made.id}`), 404);
    assert.equal((await api('DELETE', `/conversation-templates/${made.id}`)).status, 200);
});

test("SAAS-22 SAAS-14: a user creates their own companions up to the plan's limit", async ({ port, system, bob }) => {
    const [api, bobs] = [call(port, (await system.user('free')).token), call(port, bob.token)];
    const create = () => api('POST', '/companions', { name: 'Ada', personality: 'You are Ada.', voice: 'alto' });
    const made = await Promise.all(Array.from({ length: 8 }, create));
    assert.deepEqual(
        made.map((one) => one.status).sort(),
        [201, 201, 201, 201, 201, 402, 402, 402],
        'exact under concurrency',
    );
    const { id } = made.find((one) => one.status === 201).json.data;
    assert.equal((await api('PATCH', `/companions/${id}`, { name: 'Lady Ada', voice: null })).json.data.voice, null);
    rejected(await bobs('GET', `/companions/${id}`), 404);
    rejected(await bobs('PATCH', `/companions/${id}`, { name: 'x' }), 404);
    rejected(await bobs('POST', '/conversations', { companion_id: id }), 404);
    const gallery = (await bobs('GET', '/companions')).json.data.find((one) => !one.mine);
    assert.equal(gallery.personality, null, 'the gallery hides its prompts');
    rejected(await api('PATCH', `/companions/${gallery.id}`, { name: 'mine now' }), 404);
    rejected(await api('DELETE', `/companions/${gallery.id}`), 404);
    assert.equal((await api('DELETE', `/companions/${id}`)).status, 200);
    assert.equal((await create()).status, 201, 'deletion frees a slot');
});
