// Seeds of second factors, birth dates, parents' addresses, and contacts' numbers and addresses are in Postgres under
// their users' keys only, also those from before that, and EVIDENCE_KEY may be rotated.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { generate } from 'otplib';
import pg from 'pg';

import { prove } from '../support/js/accounts.mjs';
import { tokenOf } from '../support/js/mail_links.mjs';
import { withOwnSystem } from '../support/js/scenario.mjs';
import { appoint } from '../support/js/staff.mjs';
import { readTopic } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { TwilioStandIn } from '../support/js/twilio.mjs';

const migrations = path.resolve(import.meta.dirname, '../../sql/migrations');
const twilio = await TwilioStandIn.start();
const scenario = withOwnSystem({ exports: 1, crisis: 1, crisisEnv: twilio.env });

const sha256 = async (text) =>
    Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text.toLowerCase()))).toString('hex');
const password = 'correct horse battery staple';
const email = () => `${crypto.randomUUID()}@example.com`;
const yearsAgo = (years) => `${new Date().getUTCFullYear() - years}`;
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const bytesOf = (secret) => {
    const bits = [...secret].map((letter) => base32.indexOf(letter).toString(2).padStart(5, '0')).join('');
    return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
};

async function signUp(system, fields) {
    const { status, json } = await system.api('POST', '/auth/signup', {
        body: { email: email(), password, ...fields },
        headers: { 'X-Token-Transport': 'bearer' },
    });
    assert.equal(status, 201, JSON.stringify(json));
    const { user, access_token: token } = json.data;
    await prove(system, user.email);
    return { id: user.id, email: user.email, token };
}

// A user with a second factor, and its seed.
async function withFactor(system, user) {
    const { json } = await system.api('POST', '/auth/2fa/setup', { token: user.token, body: {} });
    const { secret } = json.data;
    const code = await generate({ secret });
    const enabled = await system.api('POST', '/auth/2fa/enable', { token: user.token, body: { code } });
    assert.equal(enabled.status, 200, JSON.stringify(enabled.json));
    await system.rows('update two_factor set last_step = 0 where user_id = $1', [user.id]);
    return { secret, recovery: enabled.json.data.recovery_codes };
}

const logIn = async (system, user, secret) =>
    (
        await system.api('POST', '/auth/login', {
            body: { email: user.email, password, code: await generate({ secret }) },
        })
    ).status;
const profileOf = async (system, user) => (await system.api('GET', '/users/profile', { token: user.token })).json.data;

let lastPhone = 0;
const freshPhone = () => `+4917155${String(++lastPhone).padStart(5, '0')}`;
const addContact = (system, user, fields) =>
    system.api('POST', '/crisis/contacts', { token: user.token, body: { name: 'Grace', ...fields } });
const contactsOf = async (system, user) =>
    (await system.api('GET', '/crisis/contacts', { token: user.token })).json.data.map(({ phone, email }) => ({
        phone,
        email,
    }));
const offerContacts = (system) =>
    system.rows(
        `insert into system_settings (key, value) values ('crisis_contacts', 'true')
         on conflict (key) do update set value = excluded.value`,
    );
const invitationOf = (system, { phone, email }) =>
    eventually('an invitation', () => (phone ? twilio.textsTo(phone)[0] : system.mail(email)[0]?.link));

// Everybody has agreed, and a notice to the user's contacts is due.
async function tellContacts(system, user) {
    await system.rows('update trusted_contacts set accepted_at = now() where user_id = $1', [user.id]);
    await system.rows(
        `insert into crisis_notices (id, user_id, severity, send_at) values (gen_random_uuid(), $1, 'high', now())`,
        [user.id],
    );
}

// The columns of the product's tables with a row that has one of these texts.
async function columnsWith(system, needles) {
    const tables = await system.rows(
        `select c.oid::regclass::text as name from pg_class c
         where c.relnamespace = 'airi'::regnamespace and c.relkind = 'r'`,
    );
    assert.ok(tables.length > 40);
    const found = [];
    for (const { name } of tables)
        for (const needle of needles) {
            const rows = await system.rows(
                `select distinct m.key from ${name} t cross join lateral jsonb_each_text(to_jsonb(t)) m
                 where position($1 in lower(m.value)) > 0`,
                [needle.toLowerCase()],
            );
            found.push(...rows.map(({ key }) => `${name}.${key}: ${needle}`));
        }
    return found;
}

scenario('no column has a seed, a birth date or the address of a parent as it is', async ({ system }) => {
    const [adult, young, parent] = [`1971-03-17`, `${yearsAgo(9)}-04-18`, email()];
    const user = await signUp(system, { birth_date: adult });
    const child = await signUp(system, { birth_date: young, parent_email: parent, display_name: 'Kim' });
    const { secret } = await withFactor(system, user);
    const token = await tokenOf(system, parent, 'parental_consent');
    const shown = await system.api('POST', '/auth/parental-consent/details', { body: { token } });
    assert.equal(shown.json.data.birth_date, young, 'the parent sees it');
    assert.equal(
        (await system.api('POST', '/auth/parental-consent/request', { token: child.token, body: {} })).status,
        202,
    );
    await eventually('another mail goes to the parent', () => system.mail(parent).length === 2);
    const agreed = await system.api('POST', '/auth/parental-consent', { body: { token, agree: true } });
    assert.equal(agreed.status, 200);
    const asked = await system.api('POST', '/users/export', { token: user.token, body: {} });
    const made = await eventually('the archive is ready', async () =>
        (await system.api('GET', '/users/export', { token: user.token })).json.data.find(
            (one) => one.id === asked.json.data.id && one.state === 'ready',
        ),
    );
    await eventually(
        'every event is published',
        async () => (await system.rows('select 1 from outbox limit 1')).length === 0,
    );
    const seed = bytesOf(secret).toString('hex');
    assert.ok((await columnsWith(system, [user.id])).length > 5, 'the walk finds what is there');
    assert.deepEqual(await columnsWith(system, [secret, seed, adult, young, parent]), []);
    const events = (await readTopic(system, 'email.requested.v1')).map(({ value }) => value.toString());
    assert.ok(events.some((text) => text.includes('"parental_consent"')));
    assert.ok(!events.some((text) => text.includes(parent)), 'nor an event');
    const headers = { Authorization: `Bearer ${user.token}` };
    const opened = await system.api('POST', `/users/export/${made.id}/download`, { token: user.token, body: {} });
    const archive = await (await fetch(`${system.url()}${opened.json.data.download}`, { headers })).text();
    assert.equal(JSON.parse(archive).profile.birth_date, adult, 'the archive has it');
    assert.equal(Buffer.byteLength(archive), made.bytes);
    assert.equal((await profileOf(system, user)).birth_date, adult);
    assert.deepEqual(
        await system.rows('select child_until, minor_until from users where id = $1', [user.id]),
        [{ child_until: null, minor_until: null }],
        'nothing is kept of an adult',
    );
    const theirs = await eventually('the gateway knows that the parent agreed', () => profileOf(system, child));
    assert.equal(theirs.minor, true);
    assert.equal(await logIn(system, user, secret), 200);
});

scenario("no column and no event has a contact's number or address as it is", async ({ system }) => {
    await offerContacts(system);
    const user = await signUp(system, { birth_date: '1981-02-03' });
    const [called, written] = [
        { phone: freshPhone(), email: null },
        { phone: null, email: email() },
    ];
    const both = { phone: freshPhone(), email: email() };
    for (const one of [both, called, written]) {
        const { status, json } = await addContact(system, user, one);
        assert.equal(status, 201, JSON.stringify(json));
        assert.deepEqual([json.data.phone, json.data.email], [one.phone, one.email]);
        await invitationOf(system, one);
    }
    assert.deepEqual(await contactsOf(system, user), [both, called, written]);
    for (const again of [{ phone: called.phone }, { email: written.email.toUpperCase() }])
        assert.equal((await addContact(system, user, again)).json.error.code, 'CONTACT_EXISTS');
    await tellContacts(system, user);
    await eventually('all are told', () => twilio.textsTo(called.phone)[1] && system.mail(written.email)[1]);
    await eventually('the one with both is told', () => twilio.textsTo(both.phone)[1]);
    // The message fails after all: a mail takes its place.
    const [failed] = await system.rows(
        `update contact_messages m set state = 'queued', due_at = now() + interval '1 hour' from trusted_contacts c
         where c.id = m.contact_id and m.user_id = $1 and m.kind = 'notice' and m.channel = 'sms' and m.state = 'sent'
           and c.email is not null
         returning m.id, m.attempts`,
        [user.id],
    );
    await system.rows("select contact_message_failed($1, $2, 'rejected', false)", [failed.id, failed.attempts]);
    await eventually('a mail takes its place', () => system.mail(both.email)[0]);
    await eventually(
        'every message is sent',
        async () =>
            (await system.rows(`select from contact_messages where user_id = $1 and state = 'queued'`, [user.id]))
                .length === 0,
    );
    const asked = await system.api('POST', '/users/export', { token: user.token, body: {} });
    const made = await eventually('the archive is ready', async () =>
        (await system.api('GET', '/users/export', { token: user.token })).json.data.find(
            (one) => one.id === asked.json.data.id && one.state === 'ready',
        ),
    );
    await eventually('no event is left', async () => (await system.rows('select 1 from outbox limit 1')).length === 0);
    const needles = [both, called, written].flatMap(({ phone, email }) => [phone, email]).filter(Boolean);
    const digests = await Promise.all(needles.map((text) => sha256(text)));
    assert.deepEqual(await columnsWith(system, [...needles, ...digests]), []);
    const events = (await readTopic(system, 'email.requested.v1')).map(({ value }) => value.toString());
    assert.ok(events.filter((text) => text.includes('trusted_contact_')).length >= 3);
    assert.deepEqual(
        events.filter((text) => needles.some((needle) => text.includes(needle))),
        [],
    );
    const headers = { Authorization: `Bearer ${user.token}` };
    const opened = await system.api('POST', `/users/export/${made.id}/download`, { token: user.token, body: {} });
    const archive = await (await fetch(`${system.url()}${opened.json.data.download}`, { headers })).text();
    assert.deepEqual(
        JSON.parse(archive).trusted_contacts.map(({ phone, email }) => ({ phone, email })),
        [both, called, written],
    );
    assert.equal(Buffer.byteLength(archive), made.bytes);
});

scenario('contacts from before sealing are shown and told, and are found once they are sealed', async ({ system }) => {
    await offerContacts(system);
    const user = await signUp(system, { birth_date: '1982-02-03' });
    const [one, gone] = [
        { phone: freshPhone(), email: email() },
        { phone: null, email: email() },
    ];
    await addContact(system, user, one);
    await invitationOf(system, { phone: one.phone });
    const { json } = await addContact(system, user, gone);
    const token = (await invitationOf(system, gone)).split('#')[1];
    await system.api('POST', '/crisis/contacts/confirm', { body: { token, accept: false } });
    await system.api('DELETE', `/crisis/contacts/${json.data.id}`, { token: user.token });
    await system.stop('moderation-1');
    // As the migration leaves them.
    await system.rows(
        'update trusted_contacts set phone = $2, email = $3, phone_hash = null, email_hash = null where user_id = $1',
        [user.id, one.phone, one.email],
    );
    await system.rows('update contact_messages set recipient_hash = $2 where user_id = $1 and declined', [
        user.id,
        await sha256(gone.email),
    ]);
    assert.deepEqual(await contactsOf(system, user), [one]);
    await tellContacts(system, user);
    await eventually('the contact is told', () => twilio.textsTo(one.phone)[1]);
    await system.start('moderation-1');
    const needles = [one.phone, one.email, await sha256(gone.email)];
    await eventually('they are sealed', async () => (await columnsWith(system, needles)).length === 0);
    assert.deepEqual(await contactsOf(system, user), [one]);
    for (const again of [{ phone: one.phone }, { email: one.email }])
        assert.equal((await addContact(system, user, again)).json.error.code, 'CONTACT_EXISTS');
    assert.equal((await addContact(system, user, gone)).json.error.code, 'CONTACT_DECLINED');
});

scenario('values from before sealing count as they are until they are sealed, and none is lost', async ({ system }) => {
    const [adult, young, parent] = ['1972-05-19', `${yearsAgo(9)}-06-20`, email()];
    const user = await signUp(system, { birth_date: adult });
    const child = await signUp(system, { birth_date: young, parent_email: parent });
    const { secret, recovery } = await withFactor(system, user);
    const seed = bytesOf(secret).toString('hex');
    await system.stop('moderation-1');
    // As the migration leaves them; the child's account is older than the users' keys.
    await system.rows('update users set birth_date = $2 where id = $1', [user.id, adult]);
    await system.rows('update two_factor set secret = $2 where user_id = $1', [user.id, seed]);
    await system.rows('update users set birth_date = $2, parent_email = $3 where id = $1', [child.id, young, parent]);
    await system.rows('delete from user_keys where user_id = $1', [child.id]);
    assert.equal(await logIn(system, user, secret), 200);
    const token = await tokenOf(system, parent, 'parental_consent');
    const details = () => system.api('POST', '/auth/parental-consent/details', { body: { token } });
    assert.equal((await details()).json.data.birth_date, young);
    await system.start('moderation-1');
    await eventually(
        'they are sealed',
        async () => (await columnsWith(system, [seed, adult, young, parent])).length === 0,
    );
    assert.equal((await profileOf(system, user)).birth_date, adult);
    await system.rows('update two_factor set last_step = 0 where user_id = $1', [user.id]);
    assert.equal(await logIn(system, user, secret), 200);
    const byRecovery = await system.api('POST', '/auth/login', {
        body: { email: user.email, password, code: recovery[0] },
    });
    assert.equal(byRecovery.status, 200);
    assert.equal((await details()).json.data.birth_date, young);
});

scenario('an upgraded database keeps every seed, birth date and consent link', async ({ system }) => {
    const files = readdirSync(migrations).sort();
    const at = files.indexOf('0034_sealed_members.sql');
    const name = `upgrade_${crypto.randomUUID().replaceAll('-', '')}`;
    await system.rows(`create database ${name}`);
    const url = new URL(system.adminUrl);
    url.pathname = `/${name}`;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    const rows = async (sql, parameters) => (await client.query(sql, parameters)).rows;
    try {
        await client.query('create schema airi; create schema if not exists public; set search_path = airi');
        for (const file of files.slice(0, at)) await client.query(readFileSync(path.join(migrations, file), 'utf8'));
        const years = (count, days) =>
            `((now() at time zone 'utc')::date - interval '${count} years' + interval '${days} days')::date`;
        await client.query(`
            insert into plans (id, name, rank, is_default) values ('free', 'Free', 0, true) on conflict do nothing;
            insert into users (id, email, plan, birth_date, parent_email) values
                (gen_random_uuid(), 'child', 'free', ${years(9, 0)}, 'parent@example.com'),
                (gen_random_uuid(), 'teen', 'free', ${years(18, 1)}, null),
                (gen_random_uuid(), 'adult', 'free', '1971-03-17', null),
                (gen_random_uuid(), 'unknown', 'free', null, null);
            insert into two_factor (user_id, secret) select id, '\\x00ff10' from users where email = 'adult';
            insert into email_links (hash, user_id, kind, email, expires_at)
            select 'x', id, 'parental_consent', 'parent@example.com', now() from users where email = 'child'`);
        const before = await rows('select email, birth_date::text, parent_email from users order by email');
        await client.query(readFileSync(path.join(migrations, files[at]), 'utf8'));
        assert.deepEqual(await rows('select email, birth_date, parent_email from users order by email'), before);
        assert.deepEqual(await rows('select secret from two_factor'), [{ secret: '00ff10' }]);
        assert.deepEqual(await rows('select hash, email from email_links'), [{ hash: 'x', email: '' }]);
        const ages = await rows(`
            select email, child_until is not null as child, minor_until is not null as minor,
                   extract(day from minor_until) = 1 and minor_until > current_date
                   and minor_until <= birth_date::date + interval '18 years 31 days' as rounded
            from users order by email`);
        assert.deepEqual(ages, [
            { email: 'adult', child: false, minor: false, rounded: null },
            { email: 'child', child: true, minor: true, rounded: true },
            { email: 'teen', child: false, minor: true, rounded: true },
            { email: 'unknown', child: false, minor: false, rounded: null },
        ]);
    } finally {
        await client.end();
        await system.rows(`drop database ${name}`);
    }
});

scenario('rotating EVIDENCE_KEY seals evidence again and loses none of it', async ({ system }) => {
    const [user, staff] = [await system.user(), await system.user()];
    await appoint(system, staff, 'crisis');
    const words = `my own words ${crypto.randomUUID()}`;
    const made = await system.api('POST', '/crisis/alerts', { token: user.token, body: { context: words } });
    assert.equal(made.status, 201, JSON.stringify(made.json));
    const { id } = made.json.data.alert;
    const evidence = async () => {
        const { json } = await system.api('GET', `/crisis/alerts/${id}/evidence?reason=checking+the+rotation`, {
            token: staff.token,
        });
        return json.data?.text ?? json.error.code;
    };
    await eventually('the gateway sees the role', async () => (await evidence()) === words);
    const contextOf = async () =>
        (await system.rows('select context from crisis_alerts where id = $1', [id]))[0].context;
    const before = await contextOf();
    const again = async (env) => {
        for (const name of ['gateway-1', 'moderation-1']) {
            await system.stop(name);
            await system.start(name, env);
        }
    };
    const next = system.secret();
    await again({ EVIDENCE_KEY: next, EVIDENCE_KEY_PREVIOUS: system.evidenceKey });
    assert.equal(await evidence(), words);
    await eventually('it is sealed again', async () => (await contextOf()).slice(0, 9) !== before.slice(0, 9));
    await again({ EVIDENCE_KEY: next });
    assert.equal(await evidence(), words);
    await again({ EVIDENCE_KEY: system.secret() });
    assert.equal(await evidence(), 'EVIDENCE_UNREADABLE');
    await again({ EVIDENCE_KEY: next });
    assert.equal(await evidence(), words);
});
