// The AIRI SaaS's moderation with OpenAI's API beside its own terms: four actions by its thresholds, before a message
// is stored and a model is asked.

import assert from 'node:assert/strict';

import { withModeration } from '../support/js/moderation.mjs';
import { rejected } from '../support/js/raw.mjs';

const test = withModeration('saas');

test('SAAS-25 SAAS-36: a message that the provider blocks reaches no model and is stored as rejected', async ({
    system,
    join,
    send,
    decisionOn,
    stored,
    redelivered,
}) => {
    const { mark, answer } = await send(await join(), '[[moderation hate=0.93 violence=0.25]]');
    rejected(answer, 422, 'MESSAGE_REJECTED');
    assert.equal(answer.json.error.details.reason, 'moderation:hate');
    assert.deepEqual(await stored(mark), [{ status: 'rejected', error_code: 'moderation:hate' }]);
    const { scores, ...decision } = await decisionOn(mark);
    assert.deepEqual(decision, {
        action: 'block',
        categories: ['hate'],
        confidence: 0.93,
        reason: 'moderation:hate',
    });
    const again = await redelivered(mark);
    assert.deepEqual([again.repeated, again.verdict], [true, decision], 'a redelivery has the stored outcome');
    assert.deepEqual(await stored(mark), [{ status: 'rejected', error_code: 'moderation:hate' }]);
    assert.deepEqual([Object.keys(scores).length, scores.hate, scores.violence], [13, 0.93, 0.25]);
    assert.deepEqual(await system.stubRequests(mark), []);
});

test('SAAS-36: five categories have their thresholds; warnings pass, reviews wait, and both are logged', async ({
    join,
    send,
    decisionOn,
}) => {
    const account = await join('pro');
    const expected = {
        'harassment=0.7': 'warn',
        'hate=0.5': 'warn',
        'sh/instructions=0.45': 'warn',
        'sexual=0.95': 'review',
        'violence=0.95': 'review',
        'novel-harm=0.95': 'review',
        'sexual=0.3': undefined,
        'violence=0.5': undefined,
    };
    for (const [score, action] of Object.entries(expected)) {
        const { mark, answer } = await send(account, `[[moderation ${score}]]`);
        const { status, json, text } = answer;
        const expectation = action === 'review' ? [202, 'held'] : [201, 'completed'];
        assert.deepEqual([status, json.data?.status], expectation, text);
        assert.equal((await decisionOn(mark))?.action, action, score);
    }
});

test('SAAS-36: rules by age protect minors from a lower score', async ({ join, minor, send, decisionOn }) => {
    const words = '[[moderation sexual=0.65]]';
    assert.equal((await send(await join(), words)).answer.status, 201);
    const { mark, answer } = await send(await minor(), words);
    rejected(answer, 422, 'MESSAGE_REJECTED');
    assert.equal((await decisionOn(mark)).reason, 'moderation:sexual');
});

test('SAAS-36: a blocked term needs no request to the provider, and a known text only one', async ({
    join,
    send,
    asked,
    decisionOn,
}) => {
    const account = await join();
    const { mark, answer } = await send(account, 'kill yourself');
    rejected(answer, 422, 'MESSAGE_REJECTED');
    assert.equal((await decisionOn(mark)).reason, 'blocked_term:harassment');
    assert.deepEqual(await asked(mark), []);
    const allowed = await send(account, 'good morning');
    assert.deepEqual(
        (await asked(allowed.mark)).map(({ texts, status }) => [texts, status]),
        [[1, 200]],
    );
});

test('SAAS-36: an intent that only the provider sees leads to help, not to a rejection', async ({
    system,
    join,
    send,
    decisionOn,
}) => {
    const { mark, answer } = await send(await join(), 'good evening [[moderation sh/intent=0.95]]');
    assert.equal(answer.status, 201, answer.text);
    const { action, reason, scores } = await decisionOn(mark);
    assert.deepEqual([action, reason, scores['self-harm/intent']], ['review', 'crisis:help', 0.95]);
    assert.deepEqual(await system.stubRequests(mark), []);
});

test('SAAS-36: while the provider is away, local rules decide for adults and minors are asked to send again', async ({
    join,
    minor,
    send,
    decisionOn,
    stored,
    redelivered,
}) => {
    const adult = await join();
    for (const fault of ['status=500', 'fault=garbage', 'lacks=1']) {
        const { mark, answer } = await send(adult, `[[moderation ${fault}]]`);
        assert.equal(answer.status, 201, answer.text);
        assert.equal(await decisionOn(mark), undefined);
        assert.equal((await send(adult, 'the provider is back')).answer.status, 201);
    }
    const child = await minor();
    const { mark, answer } = await send(child, '[[moderation status=500]]');
    rejected(answer, 503, 'MODERATION_UNAVAILABLE');
    assert.equal(answer.headers['retry-after'], '5');
    assert.deepEqual(await stored(mark), [{ status: 'rejected', error_code: 'moderation_unavailable' }]);
    assert.equal(await decisionOn(mark), undefined, 'nobody has judged it');
    const { verdict } = await redelivered(mark);
    assert.deepEqual([verdict.action, verdict.reason], ['block', 'moderation_unavailable']);
    assert.equal((await send(child, 'the provider is back')).answer.status, 201);
});
