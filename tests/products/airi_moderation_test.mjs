// The AIRI Platform's moderation in five steps: content check, OpenAI's moderation, custom rules, action, log.

import assert from 'node:assert/strict';

import { withModeration } from '../support/js/moderation.mjs';
import { rejected } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

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

test('AIRI-33: rules by plan are data, which the worker follows without a restart', async ({
    system,
    join,
    send,
    decisionOn,
}) => {
    const [free, pro] = [await join('free'), await join('pro')];
    const words = '[[moderation rule-by-plan=0.7]]';
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
