// Events that a statement of the gateway has stored: published whatever happens to Kafka and to the relays, in order,
// and taken by their workers once.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { password } from '../support/js/accounts.mjs';
import { ctl } from '../support/js/ctl.mjs';
import { linkIn } from '../support/js/mail_links.mjs';
import { samples, valueOf } from '../support/js/prometheus.mjs';
import { quiet, readTopic, withAdmin } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print, spread } from '../support/js/scenario.mjs';

const scenario = withFaults({ moderation: 0, chat: 0, exports: 1, outbox: 2, gateways: 1 });
const relays = ['outbox-1', 'outbox-2'];

const post = (system, path, body, token) => system.api('POST', path, { token, body });
const isEmpty = (system) =>
    eventually('the outbox is empty', async () => (await system.rows('select 1 from outbox limit 1')).length === 0, {
        within: 60_000,
    });
const kindsOf = (system, to) =>
    system
        .mail(to)
        .map((mail) => /\/#(\w+)=/.exec(mail.link)?.[1] ?? 'notice')
        .sort();

// How many mails have been requested at Kafka.
const requestedMails = (system) =>
    withAdmin(system, async (admin) => {
        const ends = await admin.fetchTopicOffsets('email.requested.v1');
        return ends.reduce((sum, one) => sum + Number(one.high), 0);
    });

// The worker overwrites a mail's file when it sends the mail again, so the log counts.
async function eachMailIsSentOnce(system) {
    await quiet(system);
    const sent = system.logged('email-1', 'mail.sent').map((line) => line.event_id);
    assert.equal(sent.length, system.mail().length, 'each mail is sent once');
}

const metric = async (system, name) => valueOf(await samples(system, 'outbox-1'), name);

scenario('AIRI-07: requests made while Kafka is stopped are carried out when it is back', async ({ system }) => {
    const email = `${crypto.randomUUID()}@example.com`;
    await eventually('the relays have looked', async () => (await metric(system, 'airi_outbox_waiting')) === 0);
    await system.stop('kafka');
    const signup = await post(system, '/auth/signup', { email, password, birth_date: '1990-02-28' });
    assert.equal(signup.status, 201, JSON.stringify(signup.json));
    const { user, access_token: token } = signup.json.data;
    assert.equal((await post(system, '/auth/forgot-password', { email })).status, 202);
    const changed = await post(
        system,
        '/auth/change-password',
        { current_password: password, new_password: `new ${password}` },
        token,
    );
    assert.equal(changed.status, 200, JSON.stringify(changed.json));
    const requested = await post(system, '/users/export', {}, token);
    assert.equal(requested.status, 202, JSON.stringify(requested.json));
    const again = await post(system, '/users/export', {}, token);
    assert.equal(again.json.data.id, requested.json.data.id, 'one export');
    // Both gauges are of the last look, which is at most a second old.
    await eventually('the lag is measured', async () => (await metric(system, 'airi_outbox_oldest_seconds')) >= 1);
    await eventually('every event is counted', async () => (await metric(system, 'airi_outbox_waiting')) === 5);
    assert.deepEqual(system.mail(email), []);
    await system.start('kafka');
    await isEmpty(system);
    await eventually('every mail is sent, and the export made', () => system.mail(email).length === 4, {
        within: 60_000,
        describe: () => kindsOf(system, email),
    });
    assert.deepEqual(kindsOf(system, email), ['notice', 'notice', 'reset_password', 'verify_email']);
    const events = (await readTopic(system, 'export.requested.v1')).filter((one) => one.key.toString() === user.id);
    assert.equal(new Set(events.map(({ headers }) => headers.ce_id)).size, 1);
    await eventually('the lag is gone', async () => (await metric(system, 'airi_outbox_oldest_seconds')) === 0);
});

scenario('an event is at Kafka milliseconds after its commit', async ({ system }) => {
    const ids = new Set();
    for (let i = 0; i < 20; i += 1) ids.add((await system.user()).id);
    await isEmpty(system);
    const records = (await readTopic(system, 'email.requested.v1')).filter(({ key }) => ids.has(key.toString()));
    assert.equal(records.length, ids.size, 'while no relay dies, each event is published once');
    const ages = records.map(({ appended, headers }) => appended - Date.parse(headers.ce_time)).sort((a, b) => a - b);
    // Without wake-ups the median would be half a second.
    assert.ok(ages[10] < 200, `${ages[10]} ms`);
    print(`from the start of the transaction to Kafka: ${spread(ages)}`);
});

scenario('events that are published again and again have their effects once', async ({ system }) => {
    const user = await system.user();
    const before = system.mail(user.email).length;
    const copies = async (topic) =>
        (await readTopic(system, topic)).filter(
            ({ key, value }) => key.toString() === user.id && !/verify/.test(value),
        );
    await isEmpty(system);
    await system.rows(`
        create function faults() returns trigger language plpgsql as $$
        begin
            raise exception 'not now' using errcode = '40001';
        end $$;
        create trigger faults before delete on outbox for each row execute function faults();`);
    try {
        assert.equal((await post(system, '/auth/forgot-password', { email: user.email })).status, 202);
        assert.equal((await post(system, '/users/export', {}, user.token)).status, 202);
        for (const topic of ['email.requested.v1', 'export.requested.v1'])
            await eventually(`${topic} has copies`, async () => (await copies(topic)).length >= 3, { every: 250 });
    } finally {
        await system.rows('drop trigger faults on outbox; drop function faults()');
    }
    await isEmpty(system);
    await eventually('both mails are sent', () => system.mail(user.email).length >= before + 2);
    await eachMailIsSentOnce(system);
    assert.equal(system.mail(user.email).length, before + 2);
    assert.equal((await system.rows('select from exports where user_id = $1', [user.id])).length, 1);
});

scenario('no event is lost, doubled in effect or out of order while relays die', async ({ system }) => {
    const rounds = 5;
    const users = await system.users(40);
    const linksOf = async (user) =>
        (
            await system.rows(
                `select hash from email_links where user_id = $1 and kind = 'reset_password'
                 order by xmin::text::bigint`,
                [user.id],
            )
        ).map((row) => row.hash);
    let sending = true;
    let deaths = 0;
    const killing = (async () => {
        for (let i = 0; sending || deaths < 6; i += 1) {
            const name = relays[i % 2];
            const before = await requestedMails(system);
            await eventually('events are published', async () => !sending || (await requestedMails(system)) > before, {
                every: 5,
            });
            await system.kill(name);
            deaths += 1;
            await system.start(name);
        }
    })();
    await Promise.all(
        users.map(async (user) => {
            for (let round = 1; round <= rounds; round += 1) {
                const { status } = await post(system, '/auth/forgot-password', { email: user.email });
                assert.equal(status, 202);
                await eventually('the link is there', async () => (await linksOf(user)).length === round);
            }
        }),
    ).finally(() => {
        sending = false;
    });
    await killing;
    await isEmpty(system);
    const byUser = new Map(users.map((user) => [user.id, []]));
    const ids = new Set();
    let records = 0;
    for (const { key, value, headers } of await readTopic(system, 'email.requested.v1')) {
        const events = byUser.get(key.toString());
        if (!events || JSON.parse(value).kind !== 'reset_password') continue;
        records += 1;
        if (ids.has(headers.ce_id)) continue;
        ids.add(headers.ce_id);
        events.push(headers.ce_id);
    }
    assert.equal(ids.size, users.length * rounds);
    const sent = () => system.mail().filter((mail) => users.some((user) => user.email === mail.to));
    const wanted = users.length * (rounds + 1); // each has verified an address too
    await eventually('every mail is sent', () => sent().length >= wanted, { within: 60_000, every: 250 });
    assert.equal(sent().length, wanted);
    await eachMailIsSentOnce(system);
    // An event's link is sealed; its mail has it.
    const mails = new Map(sent().map((mail) => [mail.id, mail]));
    const hashOf = (id) =>
        createHash('sha256')
            .update(linkIn(mails.get(id)).token)
            .digest('hex');
    for (const user of users)
        assert.deepEqual(byUser.get(user.id).map(hashOf), await linksOf(user), 'the events of a user');
    print(`${ids.size} events in ${records} records over ${deaths} deaths of two relays`);
});

scenario('HOWTO-25: after a restore no mail is sent again, and one that waited is sent', async ({ system }) => {
    await system.user();
    await isEmpty(system);
    await eachMailIsSentOnce(system);
    const sent = system.logged('email-1', 'mail.sent').length;
    assert.ok(sent > 0);
    await system.stop('email-1');
    const before = await requestedMails(system);
    const late = await system.user();
    await isEmpty(system);
    assert.equal(await requestedMails(system), before + 1);
    for (const relay of relays) await system.stop(relay);

    // As in the database of an hour ago: it has handled none of them, and has one of them yet to publish.
    await system.rows("delete from inbox where consumer = 'mail'");
    const [{ headers, key, value }] = await readTopic(system, 'email.requested.v1');
    await system.rows(
        `insert into outbox (partition, event_id, topic, key, value, traceparent, request_id)
         values (0, $1, 'email.requested.v1', $2, $3, '', '')`,
        [String(headers.ce_id), String(key), String(value)],
    );
    const asked = await ctl(system, 'settle');
    assert.equal(asked.code, 2);
    assert.match(asked.errors, /--from is missing/);
    const done = await ctl(system, 'settle', '--from', '1h');
    assert.equal(done.code, 0, done.errors);
    assert.match(done.text, new RegExp(`^${before} mails count as sent, 1 events have left the outbox\n`));
    await isEmpty(system);
    for (const name of [...relays, 'email-1']) await system.start(name);
    const replayed = await ctl(system, 'replay', '--topic', 'email.requested.v1', '--from', '1h');
    assert.equal(replayed.code, 0, replayed.errors);
    await eventually('the late one', () => system.mail(late.email).length === 1);
    await quiet(system);
    const all = system.logged('email-1', 'mail.sent').map((line) => line.event_id);
    assert.equal(all.length, new Set(all).size);
    assert.equal(all.length, sent + 1);
});
