// Telling people that they talk with an AI, on a whole system: at the beginning, and in continued use by the law of
// their place. The clock moves by moving what is stored of their use.

import assert from 'node:assert/strict';

import { address, birthDate, password, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withAccounts({ disclosures: 1 });
const reply = '[[stub tokens=2]]';
const born = (years) => `${new Date().getUTCFullYear() - years}-01-01`;

// A new user in that region, connected to the second gateway; they send over the first.
async function personIn({ ports, post, system }, region, birth_date = birthDate) {
    const email = `${crypto.randomUUID()}@example.com`;
    const made = await post(
        '/auth/signup',
        { email, password, birth_date },
        { headers: { 'X-Token-Transport': 'bearer' } },
    );
    assert.equal(made.status, 201, made.text);
    const { user, access_token: token } = made.json.data;
    const api = (method, path, json) => ask(ports[0], { method, path: `/api/v1${path}`, token, json, from: address() });
    if (region) assert.equal((await api('PATCH', '/users/profile', { region })).json.data.region, region);
    const wire = await Wire.open(ports[1], token);
    const notices = () => wire.frames.filter(({ type }) => type === 'ai_disclosure').map(({ data }) => data);
    const moved = (changes) => system.rows(`update continued_use set ${changes} where user_id = $1`, [user.id]);
    const noted = async () => (await system.rows('select used_at from continued_use where user_id = $1', [user.id]))[0];
    let conversation = null;
    return {
        id: user.id,
        api,
        notices,
        // Sends a message. The reply has ended, and the worker has noted the message, which it does a minute after the
        // last one.
        async says(content = reply) {
            await moved("used_at = used_at - interval '2 minutes'");
            const sent = new Date();
            const accepted = await wire.reply('message_send', {
                client_message_id: crypto.randomUUID(),
                content,
                ...(conversation ? { conversation_id: conversation } : {}),
            });
            assert.equal(accepted.type, 'message_accepted', JSON.stringify(accepted));
            conversation = accepted.data.conversation_id;
            await wire.receive(
                'the end of the reply',
                ({ type, data }) =>
                    ['message_complete', 'message_failed'].includes(type) &&
                    data.generation_id === accepted.data.generation_id,
            );
            await eventually('the message is noted', async () => (await noted())?.used_at >= sent);
            return conversation;
        },
        told: (count) =>
            wire.receive(`${count} notices`, () => notices().length >= count).then(() => notices()[count - 1]),
        // So many seconds of continued use go by.
        goesOn: (seconds) =>
            moved(['began_at', 'told_at', 'reminded_at'].map((at) => `${at} = ${at} - interval '${seconds} s'`).join()),
        // So many seconds without a message.
        rests: (seconds) =>
            moved(
                ['began_at', 'told_at', 'reminded_at', 'used_at']
                    .map((at) => `${at} = ${at} - interval '${seconds} s'`)
                    .join(),
            ),
    };
}

test('NY GBL 47: a New Yorker is told at the first message of a day and every three hours', async (stage) => {
    const person = await personIn(stage, 'US-NY');
    const conversation = await person.says();
    assert.deepEqual(await person.told(1), {
        conversation_id: conversation,
        kind: 'start',
        text:
            'You are talking with an AI. It is a computer program, not a human being, and it cannot feel human ' +
            'emotion.',
        jurisdiction: 'US-NY',
    });
    await person.goesOn(3 * 3600 - 60);
    await person.says();
    await person.goesOn(60);
    await person.says();
    const { kind, text, conversation_id } = await person.told(2);
    assert.deepEqual([kind, conversation_id], ['reminder', conversation]);
    assert.match(text, /computer program and not a human being. It cannot feel human emotion/);
    // Within the day another use has no start notice, and its three hours begin with it.
    await person.rests(3600);
    await person.says();
    await person.goesOn(3 * 3600);
    await person.says();
    assert.equal((await person.told(3)).kind, 'reminder');
    await person.rests(86_400);
    await person.says();
    assert.equal((await person.told(4)).kind, 'start');
    assert.equal(person.notices().length, 4);
});

test('SB 243 SAAS-07: a known minor in California is reminded every three hours to take a break', async (stage) => {
    const [minor, adult] = [await personIn(stage, 'US-CA', born(15)), await personIn(stage, 'US-CA')];
    for (const person of [minor, adult]) {
        await person.says();
        assert.equal((await person.told(1)).kind, 'start');
        await person.goesOn(3 * 3600);
        await person.says();
    }
    const { kind, jurisdiction, text } = await minor.told(2);
    assert.deepEqual([kind, jurisdiction], ['reminder', 'US-CA']);
    assert.match(text, /please take a break/);
    // The adult's next notice is the one of the next day.
    await adult.rests(86_400);
    await adult.says();
    assert.equal((await adult.told(2)).kind, 'start');
});

test('NY GBL 47: a person whose place is unknown has the strictest rule, in their language', async (stage) => {
    const person = await personIn(stage, null);
    assert.equal((await person.api('PATCH', '/users/profile', { locale: 'de-CH' })).status, 200);
    await person.says();
    assert.match((await person.told(1)).text, /Computerprogramm, kein Mensch/);
    await person.goesOn(3 * 3600);
    await person.says();
    assert.equal((await person.told(2)).kind, 'reminder');
});

test('NY GBL 47: a person at risk is told too, though no model answers', async (stage) => {
    const person = await personIn(stage, 'US-NY');
    await person.says('I want to end my life');
    assert.equal((await person.told(1)).kind, 'start');
});

test('SB 243: a new conversation is answered with its notice and the reminder that will be due', async (stage) => {
    const minor = await personIn(stage, 'US-CA', born(15));
    const made = await minor.api('POST', '/conversations', {});
    assert.equal(made.status, 201, made.text);
    const { kind, jurisdiction, text, reminder } = made.json.meta.ai_disclosure;
    assert.deepEqual([kind, jurisdiction], ['start', 'US-CA']);
    assert.match(text, /^You are talking with an AI\./);
    assert.deepEqual([reminder.every_seconds, reminder.jurisdiction], [10_800, 'US-CA']);
    assert.match(reminder.text, /break/);
    const elsewhere = await personIn(stage, 'JP-13');
    const answer = (await elsewhere.api('POST', '/conversations', {})).json.meta.ai_disclosure;
    assert.deepEqual([answer.jurisdiction, answer.reminder], ['*', null]);
});

test('SB 243: a region is of ISO 3166-2, names the country for help lines, and is erased', async (stage) => {
    const { api, id, says, told } = await personIn(stage, 'GB-SCT');
    for (const wrong of ['US', 'us-ny', 'US-', 'US-NYCX', '', 5])
        rejected(await api('PATCH', '/users/profile', { region: wrong }), 422, 'VALIDATION_FAILED');
    assert.equal((await api('GET', '/users/profile')).json.data.region, 'GB-SCT');
    const lines = (await api('GET', '/crisis/resources')).json.data;
    assert.deepEqual([lines.country, lines.chosen_by], ['GB', 'profile']);
    await says();
    await told(1);
    const rows = (sql) => stage.system.rows(sql, [id]);
    assert.equal((await rows('select 1 from continued_use where user_id = $1')).length, 1);
    while (!(await rows('select erase_account($1) as done'))[0].done);
    assert.equal((await rows('select region from users where id = $1'))[0].region, null);
    assert.deepEqual(await rows('select 1 from continued_use where user_id = $1'), []);
});
