// The unit of every text's limit is the character, at every door; names and titles are whole letters on one line.

import assert from 'node:assert/strict';

import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { withSystem } from '../support/js/scenario.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const scenario = withSystem();
const test = (name, act) =>
    scenario(name, async ({ system }) => {
        const user = await system.user();
        const { port } = system.program('gateway-1');
        const post = (path, json, more = {}) => ask(port, { method: 'POST', path, json, token: user.token, ...more });
        const conversation = async () => (await post('/api/v1/conversations', {})).json.data.id;
        await act({ system, user, port, post, conversation });
    });

// JSON in ASCII, as Python's json.dumps writes it.
const escaped = (value) =>
    JSON.stringify(value).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

const mark = '[[stub tokens=2]] ';
const longest = (letter) => mark + letter.repeat(32_000 - mark.length);

test('a message of 32,000 characters is accepted at every door, a longer one is refused', async ({
    user,
    port,
    post,
    conversation,
}) => {
    const wire = await Wire.open(port, user.token);
    for (const letter of ['a', '字', 'Ж', '🙂']) {
        const content = longest(letter);
        const path = `/api/v1/conversations/${await conversation()}/messages`;
        const raw = { headers: { Prefer: 'wait=0', 'Content-Type': 'application/json' } };
        assert.equal((await post(path, { content }, raw)).status, 202, letter);
        assert.equal((await post(path, undefined, { ...raw, body: escaped({ content }) })).status, 202, letter);
        rejected(await post(path, { content: `${content}${letter}` }, raw), 422, 'VALIDATION_FAILED', /32000/);

        const data = { content, client_message_id: letter.repeat(100) };
        wire.socket.send(escaped({ type: 'message_send', id: letter, data }));
        const accepted = await wire.receive('an acceptance', (frame) => frame.type === 'message_accepted');
        assert.equal(accepted.data.client_message_id, data.client_message_id);
        const more = { content: `${content}${letter}`, client_message_id: '1' };
        wire.socket.send(escaped({ type: 'message_send', id: letter, data: more }));
        const error = await wire.receive('an error', (frame) => frame.type === 'error');
        assert.match(JSON.stringify(error.data), /32000/);
        wire.frames.length = 0;

        const messages = [{ role: 'user', content }];
        const completion = await post('/v1/chat/completions', { model: 'gpt-3.5-turbo', messages });
        // A plan limits a message in tokens, which is another limit.
        if (completion.status !== 200) rejected(completion, 400, 'context_length_exceeded');
        messages[0].content += letter;
        assert.match((await post('/v1/chat/completions', { model: 'gpt-3.5-turbo', messages })).text, /32000/);
    }
    assert.equal(wire.code, null, 'the socket is open');
    wire.end();
});

test('a prompt of 8,000 characters of any script is stored', async ({ post }) => {
    for (const letter of ['字', '🙂']) {
        const system_prompt = letter.repeat(8_000);
        const made = await post('/api/v1/conversations', undefined, {
            body: escaped({ system_prompt }),
            headers: { 'Content-Type': 'application/json' },
        });
        assert.equal(made.status, 201, made.text);
        assert.equal(made.json.data.system_prompt, system_prompt);
    }
});

test('names and titles with control characters are refused', async ({ port, user, post, conversation }) => {
    for (const name of ['Jo\r\nBcc: x', 'Jo\u0085', 'a\u2028b']) {
        const display_name = { method: 'PATCH', path: '/api/v1/users/profile', json: { display_name: name } };
        rejected(await ask(port, { token: user.token, ...display_name }), 422, 'VALIDATION_FAILED', /line/);
        rejected(await post('/api/v1/conversations', { title: name }), 422, 'VALIDATION_FAILED', /line/);
    }
    const title = { title: 'Ünï 👨‍👩‍👧 字' };
    const path = `/api/v1/conversations/${await conversation()}`;
    assert.equal((await ask(port, { method: 'PATCH', path, json: title, token: user.token })).status, 200);
});

const family = '👨‍👩‍👧‍👦';
const segments = (text) => [...new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text)];
const points = (text) => [...text].length;

test('an automatic title ends between two letters, on one line', async ({ system, user, port, post, conversation }) => {
    const id = await conversation();
    const content = `${'a'.repeat(20)}\r\n\t${'b'.repeat(34)} ${family} and more [[stub tokens=2]]`;
    assert.equal((await post(`/api/v1/conversations/${id}/messages`, { content })).status, 201);
    const { title } = (await ask(port, { path: `/api/v1/conversations/${id}`, token: user.token })).json.data;
    assert.equal(title, `${'a'.repeat(20)} ${'b'.repeat(34)}`);

    const clusters = [
        family,
        '👍🏽',
        '🇩🇪',
        'é',
        '❤️',
        '1️⃣',
        '각',
        'ก็',
        'မြို့',
        'नि',
        'ы',
        '字',
        '😀',
        ' ',
        'x',
        'ß',
        '🏴󠁧󠁢󠁳󠁣󠁴󠁿',
        'e\u0301\u0308',
    ];
    let seed = 1;
    const random = (n) => (seed = (seed * 48_271) % 2_147_483_647) % n;
    for (let i = 0; i < 200; ++i) {
        const text = Array.from({ length: 80 }, () => clusters[random(clusters.length)]).join('');
        const [{ cut }] = await system.rows('select cut_text($1, 60) as cut', [text]);
        assert.ok(text.startsWith(cut) && points(cut) <= 60 && points(cut) > 40, cut);
        const ends = segments(text).map(({ index }) => index);
        assert.ok(ends.includes(cut.length), `${JSON.stringify(cut)} is no whole text`);
    }
});

test('a deleted first message gives its title to the next one', async ({ port, user, post, conversation }) => {
    const id = await conversation();
    const path = `/api/v1/conversations/${id}`;
    for (const text of ['first\nof all [[stub tokens=2]]', 'second [[stub tokens=2]]'])
        assert.equal((await post(`${path}/messages`, { content: text })).status, 201);
    const titled = async () => (await ask(port, { path, token: user.token })).json.data.title;
    assert.equal(await titled(), 'first of all [[stub tokens=2]]');
    const messages = (await ask(port, { path: `${path}/messages`, token: user.token })).json.data;
    await ask(port, { method: 'DELETE', path: `${path}/messages/${messages[0].id}`, token: user.token });
    await eventually('the title changes', async () => (await titled()).startsWith('second'));
});
