// kill -9 of the crisis worker while it sends to a contact, and Twilio's silence: the contact gets one message.

import assert from 'node:assert/strict';

import { ask } from '../support/js/raw.mjs';
import { withFaults } from '../support/js/scenario.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { TwilioStandIn } from '../support/js/twilio.mjs';

const twilio = await TwilioStandIn.start();
const scenario = withFaults({ profile: 'ezri', gateways: 1, crisis: 1, crisisEnv: twilio.env });

let last = 0;

// A contact who is due to be told: the notice is stored, and no worker runs.
async function dueNotice(system) {
    const user = await system.user();
    const phone = `+1415556${String(++last).padStart(4, '0')}`;
    const port = system.program('gateway-1').port;
    const post = (path, json, token) => ask(port, { method: 'POST', path: `/v1${path}`, token, json });
    assert.equal((await post('/crisis/contacts', { name: 'Grace', phone }, user.token)).status, 201);
    const text = await eventually('an invitation', () => twilio.textsTo(phone)[0]);
    const token = text.split('#')[1];
    assert.equal((await post('/crisis/contacts/confirm', { token, accept: true })).json.data.status, 'accepted');
    await system.kill('crisis-1');
    await system.rows(
        `insert into crisis_notices (id, user_id, alert_ids, severity, send_at)
         values (gen_random_uuid(), $1, array[gen_random_uuid()], 'high', now())`,
        [user.id],
    );
    return { user, phone };
}

const messageOf = async (system, user) =>
    (await system.rows("select * from contact_messages where user_id = $1 and kind = 'notice'", [user.id]))[0];
const asksFor = (phone) => twilio.requests.filter(({ form }) => form.To === phone && !form.Body.includes('#')).length;

// The claim of the killed worker is over.
const endClaim = (system, message) =>
    system.rows('update contact_messages set due_at = now() where id = $1', [message.id]);

async function toldOnce(system, { user, phone }) {
    const row = await eventually('the message is recorded', async () => {
        const one = await messageOf(system, user);
        return one.state === 'sent' && one;
    });
    const [, ...notices] = twilio.messages.filter(({ to }) => to === phone);
    assert.deepEqual(
        notices.map(({ sid }) => sid),
        [row.provider_sid],
    );
    return row;
}

scenario('EZRI-41: a worker that dies between claim and sending leaves the message to the next one', async (stage) => {
    const { system } = stage;
    const due = await dueNotice(system);
    twilio.faults.push('hang');
    await system.start('crisis-1');
    await eventually('Twilio is asked', () => asksFor(due.phone) === 1);
    await system.kill('crisis-1');
    const claimed = await messageOf(system, due.user);
    assert.deepEqual([claimed.state, claimed.attempts, claimed.maybe_sent], ['queued', 1, true]);
    await endClaim(system, claimed);
    await system.start('crisis-1');
    const row = await toldOnce(system, due);
    assert.deepEqual([row.attempts, asksFor(due.phone)], [2, 2]);
    const keys = twilio.requests.filter(({ form }) => form.To === due.phone).map(({ key }) => key);
    assert.equal(new Set(keys.slice(1)).size, 1, 'both attempts have one key');
});

scenario('EZRI-41: a worker that dies after Twilio has taken a message does not send it again', async (stage) => {
    const { system } = stage;
    const due = await dueNotice(system);
    twilio.faults.push('lost');
    await system.start('crisis-1');
    await eventually('Twilio has taken it', () => twilio.textsTo(due.phone).length === 2);
    await system.kill('crisis-1');
    await endClaim(system, await messageOf(system, due.user));
    await system.start('crisis-1');
    await toldOnce(system, due);
    assert.equal(asksFor(due.phone), 1);
});

scenario('EZRI-41: a message whose answer never comes is looked for before it is sent again', async (stage) => {
    const { system } = stage;
    const due = await dueNotice(system);
    twilio.faults.push('lost');
    await system.start('crisis-1');
    const row = await toldOnce(system, due);
    assert.deepEqual([row.attempts, asksFor(due.phone)], [2, 1]);
});

scenario('EZRI-41: a worker that stops finishes what it is sending', async (stage) => {
    const { system } = stage;
    const due = await dueNotice(system);
    await system.start('crisis-1');
    await eventually('Twilio is asked', () => asksFor(due.phone) === 1);
    assert.equal(await system.stop('crisis-1'), 0);
    const row = await toldOnce(system, due);
    assert.equal(row.attempts, 1);
    await system.start('crisis-1');
});
