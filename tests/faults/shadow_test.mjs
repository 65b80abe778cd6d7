// airi-ctl replay --into shadow: what another rule or prompt would have changed, with nothing written.

import assert from 'node:assert/strict';

import { withAccounts } from '../support/js/accounts.mjs';
import { outcome, program, startProgram } from '../support/js/ctl.mjs';
import { ask } from '../support/js/raw.mjs';
import { readTopic } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withAccounts({ profile: 'saas', moderationProvider: true, file: 'shadow' });
const requested = 'chat.requested.v1';
const screened = 'chat.screened.v1';

const shadow = (system, topic, user, env = {}) =>
    outcome(
        startProgram(system, [program, 'replay', '--topic', topic, '--into', 'shadow', '--where', `/user_id=${user}`], {
            DATABASE_URL: system.workerUrl,
            ENCRYPTION_KEY: system.encryptionKey,
            ...env,
        }),
    );

// Sends the messages one after the other; their ids, in that order.
async function converse({ system, ports }, account, messages) {
    const ids = [];
    let conversation;
    for (const content of messages) {
        const json = { content: `${content} [[stub tokens=3]]`, conversation_id: conversation };
        const { token } = account;
        const { json: answer } = await ask(ports[0], { method: 'POST', path: '/api/v1/chat/messages', token, json });
        conversation ??= answer.data?.conversation_id;
        const rows = await system.rows(
            "select id, generation_id from messages where user_id = $1 and role = 'user' order by created_at",
            [account.id],
        );
        ids.push(rows.at(-1));
    }
    await eventually('the replies are stored', async () => {
        const [{ left }] = await system.rows(
            "select count(*)::int as left from generations where user_id = $1 and state in ('queued', 'running')",
            [account.id],
        );
        return left === 0;
    });
    return ids;
}

// Everything that a shadow could change.
async function everything(system) {
    const tables = ['messages', 'generations', 'moderation_decisions', 'conversations', 'crisis_alerts'];
    const rows = await Promise.all(tables.map((name) => system.rows(`select md5(t::text) from ${name} t order by 1`)));
    const records = await Promise.all([requested, screened, 'moderation.decided.v1'].map((t) => readTopic(system, t)));
    return [rows, records.map((all) => all.length)];
}

test('a shadow of moderation finds the messages that another rule would have judged otherwise', async (stage) => {
    const { system, join } = stage;
    const account = await join('pro');
    const words = ['good morning', '[[moderation harassment=0.7]]', '[[moderation hate=0.93]]', 'a grindelwald'];
    const [, harassment, hate, term] = await converse(stage, account, words);
    const unchanged = await shadow(system, requested, account.id);
    assert.equal(unchanged.code, 0, unchanged.errors);
    assert.match(unchanged.text, /^4 of \d+ records compared, 4 the same\n/);
    assert.match(
        unchanged.text,
        /\n +2 {2}judged without a provider's scores: none are stored\nnothing was written\n$/,
    );

    await system.rows(`insert into blocked_terms (term, category, action) values ('grindelwald', 'spam', 'block')`);
    await system.rows(
        `insert into moderation_rules (category, plan, warn, review, block)
         values ('harassment', 'pro', null, 0.6, 0.65), ('hate', 'pro', 0.9, null, null)`,
    );
    const before = await everything(system);
    const changed = await shadow(system, requested, account.id);
    assert.match(changed.text, /^4 of \d+ records compared, 1 the same\n/);
    const line = (way, category, change, { id }) => new RegExp(`\n +1 {2}${way} +${category} +${change}\n +${id}\n`);
    assert.match(changed.text, line('stricter', 'harassment', 'warn -> block', harassment));
    assert.match(changed.text, line('stricter', 'spam', 'allow -> block', term));
    assert.match(changed.text, line('milder', 'hate', 'block -> warn', hate));
    assert.doesNotMatch(changed.text, /grindelwald|good morning/);
    assert.deepEqual(await everything(system), before, 'nothing was written');
});

test('a shadow of chat finds prompts of another length and replies that would be held back', async (stage) => {
    const { system, join } = stage;
    const account = await join('pro');
    const [first] = await converse(stage, account, ['one two three', 'four five six']);
    const unchanged = await shadow(system, screened, account.id);
    assert.equal(unchanged.code, 0, unchanged.errors);
    assert.match(unchanged.text, /^2 of \d+ records compared, 2 the same\nnothing was written\n$/);

    const [{ content }] = await system.rows(
        "select content from messages where generation_id = $1 and role = 'assistant'",
        [first.generation_id],
    );
    await system.rows(`update messages set content = $2 where generation_id = $1 and role = 'assistant'`, [
        first.generation_id,
        `${content} hippogriff`,
    ]);
    await system.rows(`insert into blocked_terms (term, category, action) values ('hippogriff', 'spam', 'block')`);
    await system.rows("update conversations set system_prompt = 'Be brief. Be kind.' where user_id = $1", [account.id]);
    const before = await everything(system);
    const changed = await shadow(system, screened, account.id);
    assert.match(changed.text, /^2 of \d+ records compared, 0 the same\n/);
    assert.match(changed.text, /\n +2 {2}longer prompt +openai\/\S+ -> openai\/\S+\n/);
    assert.match(
        changed.text,
        new RegExp(`\n +1 {2}reply held back +spam +allow -> block\n +${first.generation_id}\n`),
    );
    assert.doesNotMatch(changed.text, /hippogriff|brief|three/);
    assert.deepEqual(await everything(system), before, 'nothing was written');
});

test('a shadow names what it lacks, and a message whose user has no key any more', async (stage) => {
    const { system, join } = stage;
    const account = await join('pro');
    await converse(stage, account, ['hello']);
    const mistakes = [
        ['usage.recorded.v1', {}, /usage\.recorded\.v1 has no shadow: chat\.requested\.v1 \(moderation\) and/],
        [requested, { DATABASE_URL: '' }, /DATABASE_URL is not set/],
        [requested, { ENCRYPTION_KEY: '' }, /ENCRYPTION_KEY is not set/],
    ];
    for (const [topic, env, expected] of mistakes) {
        const refused = await shadow(system, topic, account.id, env);
        assert.equal(refused.code, 2);
        assert.match(refused.errors, expected);
    }
    const wrong = await shadow(system, requested, account.id, { ENCRYPTION_KEY: system.secret() });
    assert.equal(wrong.code, 1);
    assert.match(wrong.errors, /secret|key/i);
    await system.rows('delete from user_keys where user_id = $1', [account.id]);
    const gone = await shadow(system, requested, account.id);
    assert.match(
        gone.text,
        /^0 of \d+ records compared, 0 the same\nnot compared:\n +1 {2}the user has no key any more\n/,
    );
});
