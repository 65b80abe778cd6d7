// Users' texts in Kafka are sealed with their own keys: without its key no record can be read again, and none blocks
// the others.

import assert from 'node:assert/strict';

import { send } from '../support/js/ctl.mjs';
import { checkSealed, deadLetters, quiet, readTopic, withAdmin } from '../support/js/system/checker.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withOwnSystem, print } from '../support/js/scenario.mjs';

const scenario = withOwnSystem();

const topic = 'chat.requested.v1';
const failed = (one) => (one.unreadable ? 'failed' : 'completed');
const keyOf = async (system, id) =>
    (await system.rows("select encode(sealed_key, 'hex') as key from user_keys where user_id = $1", [id]))[0]?.key;
const stateOf = async (system, one) =>
    (await system.rows('select state, error_code from generations where id = $1', [one.ids.generation_id]))[0];

// Makes the moderation worker read every record again.
async function replay(system, meanwhile = async () => {}) {
    await system.stop('moderation-1');
    await meanwhile();
    await withAdmin(system, async (admin) => {
        await eventually(
            'the group is empty',
            async () => (await admin.describeGroups(['moderation'])).groups[0].state === 'Empty',
        );
        await admin.resetOffsets({ groupId: 'moderation', topic, earliest: true });
    });
    await system.start('moderation-1');
    await quiet(system);
}

async function completion(system, user, mark, more = {}) {
    const answer = await fetch(`${system.url()}/v1/chat/completions`, {
        method: 'POST',
        headers: {
            Authorization: `Bearer ${user.token}`,
            'Content-Type': 'application/json',
            'Idempotency-Key': crypto.randomUUID(),
        },
        body: JSON.stringify({
            model: 'gpt-3.5-turbo',
            messages: [
                { role: 'system', content: `be ${mark}` },
                { role: 'user', content: `${mark} [[stub tokens=4 id=${mark}]]` },
            ],
            ...more,
        }),
    });
    return { status: answer.status, json: await answer.json() };
}

scenario('SAAS-08: no topic holds the text of a message, however it was sent and however it ended', async (stage) => {
    const { system } = stage;
    const [one] = await stage.clientsOf(1);
    await one.sendAll(orders(5, { script: 'tokens=8' }));
    const bad = orders(2).map((order) => ({ ...order, content: `${order.mark} kill yourself` }));
    await one.sendAll(bad);
    const moderated = new Set(bad.map((order) => order.client_message_id));
    const [{ mark }, long] = orders(2);
    const { status, json } = await completion(system, one.user, mark);
    assert.equal(status, 200, JSON.stringify(json));
    // The longest message allowed; sealing makes it longer.
    const content = `${long.mark} [[stub tokens=4]] `.padEnd(32_000, 'é').slice(0, 16_000);
    const whole = await one.send({ client_message_id: long.client_message_id, content, mark: long.mark });
    await eventually('the long one is answered', () => whole.ended);
    assert.equal(
        await stage.check({
            expect: (each) => (moderated.has(each.order.client_message_id) ? 'rejected' : 'completed'),
        }),
        8,
    );
    assert.equal(
        (await system.rows('select content from messages where id = $1', [whole.ids.message_id]))[0].content,
        content,
    );

    // A record that fails after it was opened becomes a dead letter in its original form.
    const records = await readTopic(system, topic);
    const value = { ...JSON.parse(records[0].value), replaces: 'rubbish' };
    await send(system, topic, [{ key: value.conversation_id, value: JSON.stringify(value) }]);
    await eventually('a dead letter', async () => (await deadLetters(system, topic)) === 1);
    const [letter] = await readTopic(system, `${topic}-dlt`);
    assert.deepEqual(JSON.parse(letter.value), value);

    const topics = (await withAdmin(system, (admin) => admin.listTopics())).filter((name) => !name.startsWith('__'));
    assert.ok(topics.length >= 15);
    const seen = await checkSealed(system, topics);
    assert.ok(seen > 30, `${seen} records`);
    for (const record of records) assert.equal(JSON.parse(record.value).sealed, true);
});

scenario(
    "SAAS-08: without a user's key their records are unreadable, and a replay finishes without stopping at any",
    async (stage) => {
        const { system } = stage;
        const [ann, bob, gone] = await stage.clientsOf(3);
        const before = (
            await Promise.all([ann, bob, gone].map((c) => c.sendAll(orders(5, { script: 'tokens=8' }))))
        ).flat();
        const turns = crypto.randomUUID();
        assert.equal((await completion(system, ann.user, turns)).status, 200);
        await eventually('all are answered', () => before.every((one) => one.ended));
        await quiet(system);
        const letters = await deadLetters(system, topic);
        let waiting;
        await replay(system, async () => {
            // Accepted, and not yet moderated when the key is deleted.
            waiting = await ann.sendAll(orders(3, { script: 'tokens=8' }));
            await eventually('all are accepted', () => waiting.every((one) => one.ids));
            for (const one of waiting) one.unreadable = true;
            await system.rows('delete from user_keys where user_id = $1', [ann.user.id]);
            for (const table of ['messages', 'generations'])
                await system.rows(`delete from ${table} where user_id = $1`, [gone.user.id]);
            await system.rows('delete from users where id = $1', [gone.user.id]);
        });
        await eventually('the waiting ones have ended', () => waiting.every((one) => one.ended));
        for (const one of waiting) {
            assert.deepEqual(await stateOf(system, one), { state: 'failed', error_code: 'unreadable' });
            assert.equal(one.end.code, 'unreadable');
            const [{ content, status }] = await system.rows('select content, status from messages where id = $1', [
                one.ids.message_id,
            ]);
            assert.deepEqual({ content, status }, { content: '', status: 'failed' });
        }
        assert.equal((await stubSaw(system, waiting)).length, 0, 'no provider received them');
        for (const one of before.filter((each) => each !== undefined && !gone.all.includes(each)))
            assert.equal((await stateOf(system, one)).state, 'completed', 'finished messages keep their state');
        for (const table of ['messages', 'generations', 'user_keys'])
            assert.deepEqual(
                await system.rows(`select 1 from ${table} where user_id = $1`, [gone.user.id]),
                [],
                `${table} of a deleted user`,
            );
        assert.equal(await deadLetters(system, topic), 2 * letters, 'only the earlier dead letters again');
        assert.deepEqual([...ann.faults, ...bob.faults], []);

        // A user whose account remains continues with another key, which opens no earlier record.
        const old = await keyOf(system, bob.user.id);
        await system.rows('delete from user_keys where user_id = $1', [bob.user.id]);
        await system.stop('gateway-1');
        await system.start('gateway-1');
        const [after] = await bob.sendAll(orders(1, { script: 'tokens=8' }));
        await eventually('it is answered', () => after.ended);
        assert.equal(after.end.state, 'completed');
        assert.notEqual(await keyOf(system, bob.user.id), old);
        await replay(system);
        assert.equal((await stateOf(system, after)).state, 'completed');
        const unread = system.logged('moderation-1', 'message.undecryptable').length;
        assert.ok(unread >= 3 + 6 + 5 + 5, `${unread} could not be opened`);
    },
);

async function stubSaw(system, sent) {
    const all = await Promise.all(sent.map((one) => system.stubRequests(one.order.mark)));
    return all.flat();
}

scenario(
    'rotating ENCRYPTION_KEY rewraps every user key, and neither rotation nor a wrong key loses data',
    async (stage) => {
        const { system } = stage;
        const [ann] = await stage.clientsOf(1);
        const again = async (name, env) => {
            await system.stop(name);
            await system.start(name, env);
        };
        const sendOne = async () => {
            const [one] = await ann.sendAll(orders(1, { script: 'tokens=8' }));
            await eventually('it is accepted or rejected', () => one.ids || one.rejected);
            return one;
        };
        const first = await sendOne();
        await eventually('the first one is answered', () => first.ended);
        const [users, before] = [
            await system.rows('select count(*)::int as n from user_keys'),
            await keyOf(system, ann.user.id),
        ];
        const next = system.secret();
        const both = { ENCRYPTION_KEY: next, ENCRYPTION_KEY_PREVIOUS: system.encryptionKey };
        await again('gateway-1', both);
        // Moderation has the old key only: messages of new users wait for the new one, and nobody else waits.
        const carl = await stage.client();
        const [waits] = await carl.sendAll(orders(1, { script: 'tokens=8' }));
        await eventually('it waits', () => system.logged('moderation-1', 'user_keys.unwrap_failed').length > 0);
        const second = await sendOne();
        await eventually('another one is answered', () => second.ended);
        assert.ok(!waits.ended);
        await again('moderation-1', both);
        await eventually('the waiting message is answered', () => waits.ended);
        const mark = (await keyOf(system, carl.user.id)).slice(0, 8);
        await eventually(
            'every key is rewrapped',
            async () =>
                (
                    await system.rows(
                        "select 1 from user_keys where substr(sealed_key, 1, 4) <> decode($1, 'hex') limit 1",
                        [mark],
                    )
                ).length === 0,
        );
        assert.notEqual(await keyOf(system, ann.user.id), before);
        assert.deepEqual(await system.rows('select count(*)::int as n from user_keys'), [{ n: users[0].n + 1 }]);
        for (const name of ['gateway-1', 'moderation-1']) await again(name, { ENCRYPTION_KEY: next });
        const third = await sendOne();
        await eventually('the third one is answered', () => third.ended);

        // A gateway with a wrong secret accepts nothing that would be unreadable, and serves everything else.
        await again('gateway-1', { ENCRYPTION_KEY: system.secret() });
        const rejected = await system.api('POST', `/conversations/${third.ids.conversation_id}/messages`, {
            token: ann.user.token,
            body: { content: 'hello' },
        });
        assert.equal(rejected.status, 503);
        assert.ok(rejected.headers.get('retry-after'));
        assert.equal((await system.api('GET', '/conversations', { token: ann.user.token })).status, 200);
        assert.equal(await keyOf(system, ann.user.id).then((key) => key.slice(0, 8)), mark, 'and overwrites no key');
        await again('gateway-1', { ENCRYPTION_KEY: next });
        assert.equal(await stage.check({ expect: failed, dead: { [topic]: await deadLetters(system, topic) } }), 4);
        print(`${users[0].n} keys were rewrapped`);
    },
);
