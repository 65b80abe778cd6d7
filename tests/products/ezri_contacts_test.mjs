// Ezri's trusted contacts: people who are told when a user may need support, once both have agreed.

import assert from 'node:assert/strict';

import { withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { TwilioStandIn } from '../support/js/twilio.mjs';

const twilio = await TwilioStandIn.start();
const test = withAccounts({ profile: 'ezri', crisis: 1, notifications: 1, exports: 1, crisisEnv: twilio.env });

const asked = (port, token) => (method, path, json, more) =>
    ask(port, { method, path: `/v1${path}`, token, json, ...more });
let last = 0;
const freshPhone = () => `+1415555${String(++last).padStart(4, '0')}`;
const freshEmail = () => `${crypto.randomUUID()}@example.com`;
const tokenIn = (text) => /\/crisis\/contacts\/confirm#([\w-]{43})/.exec(text)[1];

// A user with a name.
async function joined(stage, name = 'Ada') {
    const account = await stage.join();
    await stage.system.rows('update users set display_name = $2 where id = $1', [account.id, name]);
    return { ...account, api: asked(stage.ports[0], account.token) };
}

async function added(user, more) {
    const { status, json, text } = await user.api('POST', '/crisis/contacts', { name: 'Grace', ...more });
    assert.equal(status, 201, text);
    return json.data;
}

// The contact's side, with the token of its link; no account.
const invitedBy = (stage, { phone, email }) =>
    eventually('an invitation', () => {
        const text = phone ? twilio.textsTo(phone)[0] : stage.system.mail(email)[0]?.link;
        return text && tokenIn(text);
    });
const answers = (stage, token) => async (accept) => {
    const out = await asked(stage.ports[1])('POST', '/crisis/contacts/confirm', { token, accept });
    assert.equal(out.status, 200, out.text);
    return out.json.data.status;
};

async function acceptedContact(stage, user, address) {
    const contact = await added(user, address);
    const token = await invitedBy(stage, address);
    assert.equal(await answers(stage, token)(true), 'accepted');
    return { ...contact, token };
}

const setDelay = (system, seconds) =>
    system.rows(
        `insert into system_settings (key, value) values ('crisis_contact_delay_seconds', $1)
         on conflict (key) do update set value = excluded.value`,
        [JSON.stringify(seconds)],
    );

// Says that in a conversation of its own; resolves with the notice to the user that follows.
async function inCrisis(stage, user) {
    const before = new Set((await noticesOf(user)).map(({ id }) => id));
    const { status, text } = await user.api('POST', '/ai/conversation/message', { content: 'I want to end my life' });
    assert.equal(status, 201, text);
    return eventually('the user is told', async () => (await noticesOf(user)).find(({ id }) => !before.has(id)), {
        within: 15_000,
    });
}
const noticesOf = async (user) =>
    (await user.api('GET', '/notifications')).json.data.filter(({ kind }) => kind === 'crisis_contacts_pending');
const stateOf = async (stage, notice) =>
    (await stage.system.rows('select state from crisis_notices where id = $1', [notice.metadata.notice_id]))[0].state;
const alertOf = async (stage, notice) =>
    (await stage.system.rows('select * from crisis_alerts where id = $1', [notice.metadata.alert_id]))[0];

test('EZRI-40: contacts are added with checked addresses, listed and removed by their user only', async (stage) => {
    const [user, stranger] = [await joined(stage), await joined(stage, 'Eve')];
    const add = (body) => user.api('POST', '/crisis/contacts', { name: 'Grace', ...body });
    const made = await added(user, { relationship: 'sister', phone: '0049 (171) 555-01.23', email: freshEmail() });
    assert.deepEqual(
        [made.phone, made.relationship, made.status, made.notify_on_crisis, made.accepted_at],
        ['+491715550123', 'sister', 'pending', true, null],
    );
    for (const [body, pointer] of [
        [{ phone: '0171 5550123' }, '/phone'],
        [{ phone: '+0171555012' }, '/phone'],
        [{ phone: 'call me maybe' }, '/phone'],
        [{ phone: '+1415555012345678' }, '/phone'],
        [{ email: 'nobody' }, '/email'],
        [{ email: user.email.toUpperCase() }, '/email'],
        [{}, '/email'],
        [{ name: '  ', email: freshEmail() }, '/name'],
        [{ email: freshEmail(), token_hash: 'x' }, '/token_hash'],
    ])
        rejected(await add(body), 422, 'VALIDATION_FAILED', new RegExp(pointer));
    rejected(await add({ phone: '+49 171 555 0123' }), 409, 'CONTACT_EXISTS');
    rejected(await add({ email: made.email.toUpperCase() }), 409, 'CONTACT_EXISTS');
    for (let i = 0; i < 4; ++i) await added(user, { name: `Friend ${i}`, email: freshEmail() });
    rejected(await add({ email: freshEmail() }), 409, 'CONTACT_LIMIT', /five/);
    const list = async (who) => (await who.api('GET', '/crisis/contacts')).json.data;
    assert.equal((await list(user)).length, 5);
    assert.deepEqual((await list(user))[0], made);
    assert.deepEqual(await list(stranger), []);
    rejected(await stranger.api('DELETE', `/crisis/contacts/${made.id}`), 404, 'NOT_FOUND');
    rejected(await asked(stage.ports[0])('GET', '/crisis/contacts'), 401);
    assert.equal((await user.api('DELETE', `/crisis/contacts/${made.id}`)).json.data.id, made.id);
    rejected(await user.api('DELETE', `/crisis/contacts/${made.id}`), 404, 'NOT_FOUND');
    assert.equal((await list(user)).length, 4);
});

test('EZRI-40: with an Idempotency-Key a contact is added and invited once', async (stage) => {
    const user = await joined(stage);
    const email = freshEmail();
    const add = (headers) => user.api('POST', '/crisis/contacts', { name: 'Grace', email }, { headers });
    const [one, two] = [await add({ 'Idempotency-Key': 'k' }), await add({ 'Idempotency-Key': 'k' })];
    assert.deepEqual([one.status, two.status, two.json.data.id], [201, 201, one.json.data.id]);
    const other = await user.api(
        'POST',
        '/crisis/contacts',
        { name: 'Bea', email },
        { headers: { 'Idempotency-Key': 'k' } },
    );
    rejected(other, 422, 'IDEMPOTENCY_KEY_REUSED');
    await invitedBy(stage, { email });
    assert.equal((await stage.system.rows('select from contact_messages where user_id = $1', [user.id])).length, 1);
});

test('EZRI-40: a contact accepts, stops and declines by its link, which needs no account', async (stage) => {
    const user = await joined(stage, 'Ada Lovelace');
    const email = freshEmail();
    const contact = await added(user, { email });
    const mail = await eventually('a mail', () => stage.system.mail(email)[0]);
    assert.equal(mail.subject, 'Ada Lovelace would like you as a trusted contact');
    const token = tokenIn(mail.link);
    const anybody = asked(stage.ports[1]);
    const details = await anybody('POST', '/crisis/contacts/confirm/details', { token });
    assert.deepEqual(details.json.data, { person: 'Ada Lovelace', product: 'Ezri', name: 'Grace', status: 'pending' });
    const answer = answers(stage, token);
    const status = async () => (await user.api('GET', '/crisis/contacts')).json.data[0].status;
    assert.equal(await answer(true), 'accepted');
    assert.equal(await status(), 'accepted');
    assert.equal(await answer(false), 'stopped');
    assert.equal(await status(), 'stopped');
    assert.equal(await answer(true), 'accepted', 'the same link works for ever');
    assert.equal(await answer(false), 'stopped');
    await user.api('DELETE', `/crisis/contacts/${contact.id}`);
    rejected(await user.api('POST', '/crisis/contacts', { name: 'Grace', email }), 409, 'CONTACT_DECLINED');
    for (const wrong of [token, 'x', `${token}x`])
        for (const [path, more] of [
            ['/details', {}],
            ['', { accept: true }],
        ])
            rejected(await anybody('POST', `/crisis/contacts/confirm${path}`, { token: wrong, ...more }), 404);
    const hashes = await stage.system.rows('select token_hash from trusted_contacts');
    assert.ok(hashes.every(({ token_hash }) => /^[0-9a-f]{64}$/.test(token_hash)));
    const page = await ask(stage.ports[0], { path: '/crisis/contacts/confirm' });
    assert.deepEqual([page.status, page.headers['content-type']], [200, 'text/html; charset=utf-8']);
    assert.match(page.headers['content-security-policy'], /default-src 'self'.*frame-ancestors 'none'/);
});

test('EZRI-40: wrong links are limited by address', async (stage) => {
    const from = '127.0.99.7';
    const path = '/v1/crisis/contacts/confirm';
    const all = await Promise.all(
        Array.from({ length: 110 }, () =>
            ask(stage.ports[0], { method: 'POST', path, json: { token: 'x', accept: true }, from }),
        ),
    );
    assert.deepEqual([...new Set(all.map(({ status }) => status))].sort(), [404, 429]);
});

test("EZRI-40: a minor's only contact is the parent who agreed to the account", async (stage) => {
    const user = await joined(stage);
    const parent = freshEmail();
    await stage.system.rows(
        "update users set minor_until = current_date + interval '2 years', parent_email = $2 where id = $1",
        [user.id, parent],
    );
    const add = (body) => user.api('POST', '/crisis/contacts', { name: 'Mum', ...body });
    rejected(await add({ email: parent }), 403, 'MINOR');
    await stage.system.rows(
        "insert into consents (user_id, kind, granted, version) values ($1, 'parental', true, '1')",
        [user.id],
    );
    rejected(await add({ email: freshEmail() }), 403, 'MINOR', /parent/);
    rejected(await add({ email: parent, phone: freshPhone() }), 403, 'MINOR');
    assert.equal((await add({ email: parent.toUpperCase() })).status, 201);
});

test('EZRI-41: the user is told first and cancels; then no contact is told', async (stage) => {
    await setDelay(stage.system, 300);
    const [user, stranger] = [await joined(stage), await joined(stage, 'Eve')];
    const [phone, pending] = [freshPhone(), freshPhone()];
    await acceptedContact(stage, user, { phone });
    await added(user, { name: 'Silent', phone: pending });
    const notice = await inCrisis(stage, user);
    assert.deepEqual([notice.type, notice.is_read], ['crisis', false]);
    assert.match(notice.message, /In about 5 minutes .*: Grace\./);
    assert.doesNotMatch(notice.title + notice.message, /life|suicid|Silent/);
    assert.ok(Date.parse(notice.metadata.send_at) - Date.now() > 240_000);
    const cancel = (who) => who.api('POST', `/crisis/notices/${notice.metadata.notice_id}/cancel`);
    rejected(await cancel(stranger), 404, 'NOT_FOUND');
    for (let i = 0; i < 2; ++i) {
        const done = await cancel(user);
        assert.deepEqual([done.status, done.json?.data.state], [200, 'cancelled'], done.text);
    }
    await stage.system.rows('update crisis_notices set send_at = now() where id = $1', [notice.metadata.notice_id]);
    // The worker looks at what is due again and again: it sends another invitation, and not this.
    const other = freshPhone();
    await added(user, { name: 'Other', phone: other });
    await invitedBy(stage, { phone: other });
    assert.equal(await stateOf(stage, notice), 'cancelled');
    assert.equal((await alertOf(stage, notice)).contacts_notified, false);
    for (const number of [phone, pending]) assert.equal(twilio.textsTo(number).length, 1, 'the invitation only');
});

test('EZRI-41: an accepted contact gets one message by phone or by mail, and no second on that day', async (stage) => {
    await setDelay(stage.system, 1);
    const user = await joined(stage, 'Ada Lovelace');
    const [phone, silent, email] = [freshPhone(), freshPhone(), freshEmail()];
    const contact = await acceptedContact(stage, user, { phone });
    await acceptedContact(stage, user, { name: 'Bea', email });
    await added(user, { name: 'Silent', phone: silent });
    const notice = await inCrisis(stage, user);
    const text = await eventually('a text message', () => twilio.textsTo(phone)[1]);
    assert.match(text, /^Ada Lovelace may need support\. .*get in touch.* Ezri, ref\. [0-9A-F]{8}$/);
    const mail = await eventually('a mail', () => stage.system.mail(email)[1]);
    assert.equal(mail.subject, 'Please get in touch with Ada Lovelace');
    assert.doesNotMatch(text + mail.text + mail.html, /end my life|suicid/i);
    const [sent] = await eventually('the sid is recorded', async () => {
        const rows = await stage.system.rows(
            `select m.*, c.last_notified_at from contact_messages m join trusted_contacts c on c.id = m.contact_id
             where c.id = $1 and m.kind = 'notice' and m.channel = 'sms' and m.provider_sid is not null`,
            [contact.id],
        );
        return rows.length > 0 && rows;
    });
    assert.equal(sent.provider_sid, twilio.messages.find(({ body }) => body === text).sid);
    assert.ok(sent.last_notified_at);
    assert.equal(twilio.requests.find(({ form }) => form.Body === text).key, sent.id);
    assert.equal(await stateOf(stage, notice), 'sent');
    assert.equal((await alertOf(stage, notice)).contacts_notified, true);
    rejected(await user.api('POST', `/crisis/notices/${notice.metadata.notice_id}/cancel`), 409, 'NOTICE_SENT');

    // A second crisis on the same day: nobody is left to be told, and the user is not told that anybody will be.
    const before = await noticesOf(user);
    await user.api('POST', '/ai/conversation/message', { content: 'I want to end my life' });
    await eventually(
        'a second alert',
        async () => (await stage.system.rows('select from crisis_alerts where user_id = $1', [user.id])).length === 2,
    );
    // A notice of another user that is due later is sent meanwhile.
    const [other, number] = [await joined(stage, 'Bob'), freshPhone()];
    await acceptedContact(stage, other, { phone: number });
    await inCrisis(stage, other);
    await eventually('the message of the other', () => twilio.textsTo(number)[1]);
    assert.equal(twilio.textsTo(phone).length, 2);
    assert.equal(stage.system.mail(email).length, 2);
    assert.deepEqual(twilio.textsTo(silent).length, 1, 'nobody is told before they accept');
    assert.deepEqual(await noticesOf(user), before);

    // The next day.
    await stage.system.rows("update trusted_contacts set last_notified_at = now() - interval '1 day' where id = $1", [
        contact.id,
    ]);
    await inCrisis(stage, user);
    await eventually('the next message', () => twilio.textsTo(phone)[2]);
});

test('EZRI-41: a contact who stops in the meantime is not told', async (stage) => {
    await setDelay(stage.system, 300);
    const user = await joined(stage);
    const phone = freshPhone();
    const { token } = await acceptedContact(stage, user, { phone });
    const notice = await inCrisis(stage, user);
    assert.equal(await answers(stage, token)(false), 'stopped');
    await stage.system.rows('update crisis_notices set send_at = now() where id = $1', [notice.metadata.notice_id]);
    await eventually('it is skipped', async () => (await stateOf(stage, notice)) === 'skipped');
    assert.equal(twilio.textsTo(phone).length, 1);
    assert.equal((await alertOf(stage, notice)).contacts_notified, false);
});

test('EZRI-41: a critical alert also calls the phone, and joins the notice that is pending', async (stage) => {
    await setDelay(stage.system, 300);
    const user = await joined(stage);
    const phone = freshPhone();
    await acceptedContact(stage, user, { phone });
    const notice = await inCrisis(stage, user);
    const { conversation_id: conversation } = await alertOf(stage, notice);
    await user.api('POST', '/ai/conversation/message', {
        conversation_id: conversation,
        content: 'I want to end my life',
    });
    const ids = await eventually('the second alert joins', async () => {
        const [row] = await stage.system.rows('select * from crisis_notices where id = $1', [
            notice.metadata.notice_id,
        ]);
        return row.severity === 'critical' && row.alert_ids;
    });
    assert.equal(ids.length, 2);
    assert.equal((await noticesOf(user)).length, 1);
    await stage.system.rows('update crisis_notices set send_at = now() where id = $1', [notice.metadata.notice_id]);
    const call = await eventually('a call', () => twilio.calls.find(({ to }) => to === phone));
    assert.match(call.twiml, /^<Response>.*<Say language="en">This is an automatic call from Ezri\. Ada may need/);
    await eventually('a text message', () => twilio.textsTo(phone)[1]);
    await eventually('both alerts say so', async () => {
        const alerts = await stage.system.rows('select contacts_notified from crisis_alerts where user_id = $1', [
            user.id,
        ]);
        return alerts.length === 2 && alerts.every((one) => one.contacts_notified);
    });
});

test("EZRI-41: Twilio's limit and errors are retried, a rejected number gets a mail, STOP is obeyed", async (stage) => {
    const user = await joined(stage);
    const [phone, email, stopped] = [freshPhone(), freshEmail(), freshPhone()];
    twilio.faults.push(500, 429);
    await added(user, { name: 'Patient', phone });
    await invitedBy(stage, { phone });
    assert.equal(twilio.textsTo(phone).length, 1);
    assert.equal(new Set(twilio.requests.filter(({ form }) => form.To === phone).map(({ key }) => key)).size, 1);
    twilio.faults.push(21211);
    await added(user, { name: 'Landline', phone: freshPhone(), email });
    await invitedBy(stage, { email });
    twilio.faults.push(21610);
    const contact = await added(user, { name: 'Stopped', phone: stopped });
    const list = async () => (await user.api('GET', '/crisis/contacts')).json.data;
    await eventually('STOP is an answer', async () =>
        (await list()).some(({ id, status }) => id === contact.id && status === 'declined'),
    );
    assert.deepEqual(twilio.textsTo(stopped), []);
});

test('EZRI-40: contacts and messages are in the export without links, and go with the account', async (stage) => {
    const user = await joined(stage);
    const email = freshEmail();
    await added(user, { email, relationship: 'friend' });
    const token = await invitedBy(stage, { email });
    await user.api('POST', '/users/export', {});
    const { id } = await eventually(
        'the export is ready',
        async () => (await user.api('GET', '/users/export')).json.data.find(({ state }) => state === 'ready'),
        { within: 60_000 },
    );
    await user.api('POST', `/users/export/${id}/download`, {});
    const { text } = await user.api('GET', `/users/export/${id}`);
    const archive = JSON.parse(text);
    assert.deepEqual(
        archive.trusted_contacts.map((one) => [one.email, one.relationship]),
        [[email, 'friend']],
    );
    assert.equal(archive.contact_messages.length, 1);
    assert.ok(!text.includes(token) && !text.includes('confirm#') && !text.includes('_hash'));
    await stage.system.rows('select erase_account($1)', [user.id]);
    for (const table of ['trusted_contacts', 'contact_messages', 'crisis_notices'])
        assert.deepEqual(await stage.system.rows(`select from ${table} where user_id = $1`, [user.id]), [], table);
});
