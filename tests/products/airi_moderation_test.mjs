// The AIRI Platform's moderation in five steps: content check, OpenAI's moderation, custom rules, action, log.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';

import { withModeration } from '../support/js/moderation.mjs';
import { rejected, Wire } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { call } from '../support/js/violations.mjs';

const migrate = fileURLToPath(new URL('../../deploy/migrate.sh', import.meta.url));
const test = withModeration('airi');

test('AIRI-33: a message passes the terms, the provider and the rules before its action is decided and logged', async ({
    system,
    join,
    send,
    asked,
    decisionOn,
}) => {
    const account = await join();
    const term = await send(account, 'kill yourself');
    rejected(term.answer, 422, 'MESSAGE_REJECTED');
    assert.deepEqual(await asked(term.mark), [], 'the content check comes first');
    const blocked = await send(account, '[[moderation harassment/threatening=0.92]]');
    rejected(blocked.answer, 422, 'MESSAGE_REJECTED');
    const { scores, ...decision } = await decisionOn(blocked.mark);
    assert.deepEqual(decision, {
        action: 'block',
        categories: ['harassment/threatening'],
        confidence: 0.92,
        reason: 'moderation:harassment/threatening',
    });
    assert.equal(scores['harassment/threatening'], 0.92);
    for (const { mark } of [term, blocked]) assert.deepEqual(await system.stubRequests(mark), []);
    assert.equal((await send(account, 'good morning')).answer.status, 201);
});

test('AIRI-33: rules by plan, and those of a shadow, are data that the worker follows without a restart', async ({
    system,
    join,
    send,
    decisionOn,
    administrator,
}) => {
    const admin = await administrator();
    const [free, pro] = [await join('free'), await join('pro')];
    const words = '[[moderation rule-by-plan=0.7]]';
    const changed = await admin.api('PATCH', '/admin/moderation/terms', {
        terms: [
            { term: 'Purple Walrus ', category: 'spam', action: 'block', shadow: true },
            { term: 'click here to claim', category: 'spam', action: 'none', shadow: true },
            { term: 'orange walrus', category: 'spam', action: 'block' },
            { term: 'walrus (numb|nr)[a-z]{0,9} [0-9]{2}', category: 'spam', action: 'block', pattern: true },
            { term: 'kys', category: 'harassment', action: 'none' },
        ],
    });
    assert.equal(changed.status, 200, changed.text);
    await system.rows(
        `insert into moderation_rules (category, plan, warn, review, block)
         values ('rule-by-plan', 'pro', null, null, 0.6)`,
    );
    await eventually('the rule is in force', async () => (await send(pro, words)).answer.status === 422, {
        within: 60_000,
        every: 1_000,
    });
    const { mark, answer } = await send(free, words);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(await decisionOn(mark), undefined);

    const counted = async (wanted) => {
        const { data } = (await admin.api('GET', '/admin/moderation/shadow?days=1')).json;
        return data.find(({ day, messages, ...one }) => isDeepStrictEqual(one, wanted))?.messages ?? 0;
    };
    const stricter = { way: 'stricter', category: 'spam', live: 'allow', shadow: 'block' };
    const milder = { way: 'milder', category: 'spam', live: 'warn', shadow: 'allow' };
    const judgedOtherwise = async () => {
        const sent = await send(free, 'a purple walrus');
        assert.deepEqual([sent.answer.status, await decisionOn(sent.mark)], [201, undefined], 'nothing changes');
        return (await counted(stricter)) > 0;
    };
    await eventually('the shadow judges messages', judgedOtherwise, { within: 60_000, every: 1_000 });
    assert.equal((await decisionOn((await send(free, 'click here to claim')).mark)).action, 'warn');
    await eventually('what it would allow is counted', async () => (await counted(milder)) === 1, { within: 30_000 });

    rejected((await send(free, 'an 0range wa1rus')).answer, 422, 'MESSAGE_REJECTED');
    const matched = await send(free, 'Walrus number: 42');
    rejected(matched.answer, 422, 'MESSAGE_REJECTED');
    assert.equal((await decisionOn(matched.mark)).reason, 'blocked_pattern:spam');
    assert.equal((await send(free, 'kys')).answer.status, 201);
});

test('AIRI-33: the terms of an administrator outlive the profile, and bad ones are named', async (stage) => {
    const { system, ports, join } = stage;
    const { api } = await stage.administrator();
    const change = (...terms) => api('PATCH', '/admin/moderation/terms', { terms });
    const term = { term: 'kys', category: 'harassment', action: 'warn' };
    const found = async (search) =>
        (await api('GET', `/admin/moderation/terms?search=${encodeURIComponent(search)}`)).json.data;
    assert.equal(
        (await change(term, { ...term, action: 'none' }, { ...term, term: 'KYS', action: 'review' })).status,
        200,
    );
    await promisify(execFile)(migrate, ['-', 'airi'], {
        env: {
            ...process.env,
            DATABASE_URL: system.adminUrl,
            AIRI_APP_PASSWORD: new URL(system.appUrl).password,
            AIRI_WORKER_PASSWORD: new URL(system.workerUrl).password,
        },
    });
    const [{ changed_at: at, changed_by: by, ...kept }] = await found('kys');
    assert.deepEqual(kept, { ...term, action: 'review', pattern: false, shadow: false });
    assert.ok(at && by);
    assert.deepEqual(
        (await found('free crypto')).map(({ changed_by: nobody }) => nobody),
        [null],
    );

    for (const [wrong, status, named] of [
        [
            [
                { ...term, term: '!!' },
                { ...term, action: 'block' },
            ],
            422,
            /!!.* has no letter and no digit/,
        ],
        [
            [{ ...term, category: 'self_harm', action: 'block' }],
            422,
            /"kys\\" of the category self_harm can't .* block/,
        ],
        [[term, { ...term, term: '(a+)+bcd', pattern: true }], 422, /no greatest length.*\/terms\/1\/term/],
        [[{ ...term, term: 'ki(ll', pattern: true }], 422, /the pattern ki\(ll is no pattern: .*parenthes/],
        [Array.from({ length: 21 }, (_, i) => ({ ...term, term: `word ${i}`, pattern: true })), 422, /20 patterns/],
        [[{ ...term, action: 'shout' }], 422, /action/],
        [[{ ...term, category: 'other things' }], 422, /category/],
        [[{ ...term, term: 'x'.repeat(101) }], 422, /term/],
        [Array.from({ length: 501 }, (_, i) => ({ ...term, term: `word ${i}` })), 422, /terms/],
        [[{ ...term, term: 'x'.repeat(1_100_000) }], 413, /too large/],
    ]) {
        const answer = await change(...wrong);
        assert.equal(answer.status, status, answer.text);
        assert.match(answer.text, named);
    }
    assert.equal((await found('kys'))[0].action, 'review', 'all of them or none');
    const pattern = (i, action) => ({
        ...term,
        term: `one of many [a-z]{3} ${i}`,
        action,
        pattern: true,
        shadow: true,
    });
    for (let i = 0; i < 100; i += 20) {
        const some = await change(...Array.from({ length: 20 }, (_, k) => pattern(i + k, 'warn')));
        assert.equal(some.status, 200, some.text);
    }
    rejected(await change(pattern(100, 'warn')), 409, 'TOO_MANY_TERMS');
    assert.equal((await change(pattern(100, 'warn'), pattern(3, 'none'))).status, 200);
    const inTable = system.rows(
        `insert into blocked_terms (term, category, action) values ('a', 'self_harm', 'block')`,
    );
    await assert.rejects(inTable, /self_harm_is_never_blocked/);
    const user = await join('pro');
    rejected(await call(ports[0], user.token)('GET', '/admin/moderation/terms'), 403, 'FORBIDDEN');
});

test("AIRI-33: an API caller's own turns are scored with the message", async ({
    system,
    join,
    ports,
    asked,
    decisionOn,
}) => {
    const { token } = await join('enterprise');
    const mark = `mark${crypto.randomUUID().replaceAll('-', '')}`;
    const answer = await fetch(`http://127.0.0.1:${ports[0]}/v1/chat/completions`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({
            model: 'gpt-4',
            messages: [
                { role: 'user', content: 'earlier [[moderation hate/threatening=0.9]]' },
                { role: 'assistant', content: 'no' },
                { role: 'user', content: `${mark} go on` },
            ],
        }),
    });
    assert.equal(answer.status, 400);
    assert.equal((await answer.json()).error.code, 'content_policy_violation');
    assert.equal((await decisionOn(mark)).reason, 'moderation:hate/threatening');
    assert.deepEqual(
        (await asked(mark)).map(({ texts }) => texts),
        [3],
    );
    assert.deepEqual(await system.stubRequests(mark), []);
});

const lastOf = async (api, conversation) => (await api('GET', `/conversations/${conversation}/messages`)).json.data;

test('AIRI-33: a message for review waits for a person, and is answered once when they allow it', async (stage) => {
    const { system, ports, join, send, redelivered } = stage;
    const user = await join('pro');
    const api = call(ports[0], user.token);
    const admin = await stage.administrator();
    const socket = await Wire.open(ports[1], user.token);
    const { mark, answer } = await send(user, 'white power');
    assert.deepEqual([answer.status, answer.json.data.status], [202, 'held'], answer.text);
    const { message_id: id, conversation_id: conversation, generation_id: generation } = answer.json.data;
    const [held] = (await lastOf(api, conversation)).messages ?? (await lastOf(api, conversation));
    assert.deepEqual(
        [held.status, held.flagged, held.flag_reason, held.flag_categories],
        ['held', true, 'blocked_term:hate', ['hate']],
    );
    const events = await fetch(`http://127.0.0.1:${ports[1]}/api/v1/generations/${generation}/events`, {
        headers: { Authorization: `Bearer ${user.token}` },
    });
    assert.match(await events.text(), /event: message_held\ndata: .+"reason":"/);
    assert.deepEqual(await system.stubRequests(mark), []);
    const again = await redelivered(mark);
    assert.deepEqual([again.repeated, again.review, again.verdict.action], [true, 'held', 'review']);

    rejected(await api('POST', `/admin/held-messages/${id}/decide`, { decision: 'allow' }), 403);
    rejected(await admin.decide(crypto.randomUUID(), 'allow'), 404, 'NOT_FOUND');
    const listed = (await admin.api('GET', '/admin/held-messages?state=held')).json.data.find((one) => one.id === id);
    assert.deepEqual([listed.reason, listed.user.email], ['blocked_term:hate', user.email]);
    assert.match(listed.message, new RegExp(`^${mark} white power`));
    const second = await stage.administrator();
    const both = await Promise.all([admin, second].map((one) => one.decide(id, 'allow')));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
    rejected(await admin.decide(id, 'reject'), 409, 'REVIEW_DECIDED');
    const reply = await eventually('the reply is stored', async () => {
        const rows = await system.rows(
            "select m.status from messages m where m.conversation_id = $1 and m.role = 'assistant'",
            [conversation],
        );
        return rows.length > 0 && rows;
    });
    assert.deepEqual(reply, [{ status: 'completed' }]);
    assert.equal((await system.stubRequests(mark)).length, 1);
    assert.equal((await redelivered(mark)).review, 'allowed');
    const isReply = ({ type, data }) => type === 'message_created' && data.message.role === 'assistant';
    await eventually('the reply reaches another device', () => socket.frames.some(isReply));
});

test('AIRI-33 AIRI-34: a rejected message ends as a blocked one, and a cancelled one waits no more', async (stage) => {
    const { system, ports, join, send, stored } = stage;
    const user = await join('pro');
    const api = call(ports[0], user.token);
    const admin = await stage.administrator();
    const { mark, answer } = await send(user, 'white power');
    const { message_id: id } = answer.json.data;
    assert.equal((await admin.decide(id, 'reject')).json.data.state, 'rejected');
    assert.deepEqual(await stored(mark), [{ status: 'rejected', error_code: 'blocked_term:hate' }]);
    const [violation] = (await api('GET', '/moderation/violations')).json.data;
    assert.deepEqual([violation.id, violation.category, violation.points], [id, 'hate', 2]);
    const [{ tokens }] = await system.rows('select tokens from message_quota where message_id = $1', [id]);
    assert.equal(Number(tokens), 0);

    const other = await send(user, 'white power');
    const { message_id: gone, generation_id: generation } = other.answer.json.data;
    await api('POST', `/generations/${generation}/cancel`, {});
    rejected(await admin.decide(gone, 'allow'), 409, 'REVIEW_DECIDED');
    await eventually('it ends', async () => {
        const [row] = await system.rows('select state from generations where id = $1', [generation]);
        return row.state === 'cancelled';
    });
    for (const one of [mark, other.mark]) assert.deepEqual(await system.stubRequests(one), []);
});

test('AIRI-33: the old text stands until an edit that is held is allowed', async (stage) => {
    const { system, ports, join } = stage;
    const api = call(ports[0], (await join('pro')).token);
    const admin = await stage.administrator();
    const { id } = (await api('POST', '/conversations', {})).json.data;
    const path = `/conversations/${id}/messages`;
    const shown = async () =>
        (await api('GET', path)).json.data.map(({ role, status, content }) => [role, status, content.split(' [[')[0]]);
    const sent = await api('POST', path, { content: 'the sea [[stub tokens=1]]' });
    assert.equal(sent.status, 201, sent.text);
    const [{ id: question }] = (await api('GET', path)).json.data;
    const old = await shown();
    const edit = async (of, content) => {
        const answer = await api('PUT', `${path}/${of}`, { content: `${content} [[stub tokens=1]]` });
        assert.deepEqual([answer.status, answer.json.data?.status], [202, 'held'], answer.text);
        return answer.json.data.message_id;
    };
    const held = ['user', 'held', 'white power'];

    const bad = await edit(question, 'white power');
    assert.deepEqual(await shown(), [...old, held]);
    assert.equal((await admin.decide(bad, 'reject')).json.data.state, 'rejected');
    const rejectedEdit = ['user', 'rejected', 'white power'];
    assert.deepEqual(await shown(), [...old, rejectedEdit]);

    const good = await edit(await edit(question, 'white power lines'), 'white power plants');
    const second = await edit(question, 'white power stations');
    assert.equal((await admin.decide(good, 'allow')).json.data.state, 'allowed');
    await eventually('the edit is answered', async () => {
        const now = await shown();
        return now.some(([role, status]) => role === 'assistant' && status === 'completed');
    });
    assert.deepEqual(
        (await shown()).filter(([role]) => role === 'user'),
        [
            ['user', 'accepted', 'white power plants'],
            ['user', 'held', 'white power stations'],
        ],
    );
    const versions = (await api('GET', `${path}/${good}/versions`)).json.data;
    assert.deepEqual(
        versions.filter(({ role }) => role === 'user').map(({ content }) => content.split(' [[')[0]),
        ['the sea', 'white power', 'white power lines'],
    );
    assert.equal((await admin.decide(second, 'allow')).json.data.state, 'withdrawn', 'its question is replaced');
    const [{ messages }] = await system.rows(
        `select count(*)::int as messages from messages where conversation_id = $1 and superseded_by = $2`,
        [id, second],
    );
    assert.equal(messages, 0);
});

test('AIRI-33: an API caller is told that a person has to review the messages', async ({ ports, join }) => {
    const { token } = await join('enterprise');
    for (const stream of [false, true]) {
        const answer = await fetch(`http://127.0.0.1:${ports[0]}/v1/chat/completions`, {
            method: 'POST',
            headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
            body: JSON.stringify({ model: 'gpt-4', stream, messages: [{ role: 'user', content: 'white power' }] }),
        });
        assert.equal(answer.status, 403);
        assert.equal((await answer.json()).error.code, 'content_under_review');
    }
});

test('AIRI-24: a list of messages shows the flag, its reason and categories; others show none', async (stage) => {
    const user = await stage.join('pro');
    const api = call(stage.ports[0], user.token);
    const flagsOf = ({ role, flagged, flag_reason: reason, flag_categories: all }) => [role, flagged, reason, all];
    const flags = async (words) => {
        const { answer } = await stage.send(user, words);
        const { data } = (await api('GET', `/conversations/${answer.json.data.conversation_id}/messages`)).json;
        return (data.messages ?? data).map(flagsOf);
    };
    const unflagged = ['assistant', false, null, []];
    assert.deepEqual(await flags('click here to claim'), [['user', true, 'blocked_term:spam', ['spam']], unflagged]);
    assert.deepEqual(await flags('[[moderation hate=0.5]]'), [['user', true, 'moderation:hate', ['hate']], unflagged]);
    assert.deepEqual(await flags('good morning'), [['user', false, null, []], unflagged]);
});
