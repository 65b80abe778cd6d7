// Ezri's trusted contacts where no text messages are sent: without Twilio, and without a crisis worker.

import assert from 'node:assert/strict';

import { withProduct } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withProduct('ezri');

test('EZRI-40: a contact without an e-mail address is rejected, one with both gets a mail', async (stage) => {
    const { token } = await stage.join();
    const add = (body) =>
        ask(stage.ports[0], { method: 'POST', path: '/v1/crisis/contacts', token, json: { name: 'Grace', ...body } });
    const phone = '+14155550100';
    rejected(await add({ phone }), 422, 'VALIDATION_FAILED', /no text messages are sent here/);
    const email = `${crypto.randomUUID()}@example.com`;
    const made = await add({ phone, email });
    assert.deepEqual([made.status, made.json.data?.phone], [201, phone], made.text);
    const mail = await eventually('a mail', () => stage.system.mail(email)[0]);
    assert.match(mail.link, /\/crisis\/contacts\/confirm#[\w-]{43}$/);
    assert.deepEqual(mail.faults, []);
});

test('EZRI-40: an address is invited by nobody more than three times a day', async (stage) => {
    const email = `${crypto.randomUUID()}@example.com`;
    const invite = async () => {
        const { token } = await stage.join();
        const json = { name: 'Grace', email };
        return ask(stage.ports[0], { method: 'POST', path: '/v1/crisis/contacts', token, json });
    };
    for (let i = 0; i < 3; ++i) assert.equal((await invite()).status, 201);
    rejected(await invite(), 429, 'CONTACT_INVITATIONS');
});
