// Delivery of mail as files to the outbox: once per event, despite bad requests and crashes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { deadLetters } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { dead, inInbox, mailRequest, onlyEmail, processed, publish, topic } from '../support/js/email.mjs';
import { withOwnSystem } from '../support/js/scenario.mjs';

// It looks at every mail of the outbox.
const scenario = withOwnSystem(onlyEmail);

scenario(
    'a requested mail becomes one file in the outbox, however often its event is delivered',
    async ({ system }) => {
        const mail = mailRequest('ada@example.com');
        const [id] = await publish(system, mail);
        await eventually('the mail is there', () => system.mail('ada@example.com').length === 1);
        await processed(system, id);
        const [one] = system.mail('ada@example.com');
        assert.deepEqual(one.faults, []);
        assert.equal(one.id, id);
        assert.equal(one.file, `${id}.eml`);
        assert.equal(one.messageId, `<${id}@localhost>`);
        assert.equal(one.from, 'airi <no-reply@localhost>');
        assert.equal(one.subject, 'Confirm your e-mail address');
        assert.equal(one.link, mail.link);
        assert.equal(Date.parse(one.date), Date.parse('2026-11-20T18:45:03Z'));
        assert.match(one.text, /^Hello Ädä <b> "x",\n/);
        assert.match(one.html, /<p>Hello Ädä &lt;b&gt; &quot;x&quot;,<\/p>/);
        assert.match(one.html, /href="https:\/\/airi\.example\/verify\?token=a_b-c%3D=1"/);
        assert.equal(statSync(path.join(system.dir, 'mail')).mode & 0o777, 0o700);
        assert.equal(statSync(path.join(system.dir, 'mail', one.file)).mode & 0o777, 0o600);

        // A second write would be another file to the system (rename), so the inode reveals it.
        const before = statSync(path.join(system.dir, 'mail', one.file)).ino;
        await publish(system, { ...mail, event: id });
        const [behind] = await publish(system, mailRequest('behind@example.com', { user_id: mail.user_id }));
        await processed(system, behind);
        assert.equal(system.mail('ada@example.com').length, 1);
        assert.equal(statSync(path.join(system.dir, 'mail', one.file)).ino, before);

        // Without its inbox row, as after a crash between sending and committing: the same file again, no second one.
        await system.rows('delete from inbox where event_id = $1', [id]);
        await publish(system, { ...mail, event: id });
        await processed(system, id);
        assert.notEqual(statSync(path.join(system.dir, 'mail', one.file)).ino, before);
        assert.equal(system.mail('ada@example.com').length, 1);
        assert.deepEqual(
            readdirSync(path.join(system.dir, 'mail')).filter((name) => name.startsWith('.')),
            [],
        );

        const airi = (...words) =>
            execFileSync(new URL('../../airi', import.meta.url).pathname, ['mail', ...words], {
                encoding: 'utf8',
                env: {
                    ...process.env,
                    AIRI_HOME: path.join(system.dir, 'home'),
                    MAIL_OUTBOX: path.join(system.dir, 'mail'),
                },
            });
        const list = airi().split('\n');
        assert.match(list[0], /^ {2}1 {2}[-\d]{10} [:\d]{8} {2}ada@example\.com {2}Confirm your e-mail address$/);
        assert.deepEqual(
            list.filter((line) => line.includes('://')).map((line) => line.trim()),
            [mail.link, mail.link],
        );
        assert.match(
            airi('1'),
            new RegExp(`To: ada@example\\.com\n[^]*Message-ID: <${id}@localhost>\n\nHello Ädä <b> "x",\n`),
        );

        const log = readFileSync(system.program('email-1').log, 'utf8');
        for (const secret of ['token=', 'ada@', 'Ädä']) assert.ok(!log.includes(secret), `${secret} is in the log`);
    },
);

scenario(
    'an expired mail is dropped, an invalid one goes to the dead letters, and the others are sent',
    async ({ system }) => {
        const before = await deadLetters(system, topic);
        const user_id = crypto.randomUUID();
        const [late, kind, link, address, none, german] = await publish(
            system,
            mailRequest('late@example.com', { user_id, expires_at: new Date(Date.now() - 1000).toISOString() }),
            mailRequest('kind@example.com', { user_id, kind: 'nothing' }),
            mailRequest('link@example.com', { user_id, link: 'javascript:alert(1)' }),
            mailRequest('a@b\r\nBcc: c@d', { user_id }),
            mailRequest('none@example.com', { user_id, link: '' }),
            mailRequest('fine@example.com', {
                user_id,
                locale: 'de-AT',
                variables: { name: 'x\r\nBcc: evil@example.com' },
            }),
        );
        await processed(system, german);
        for (const id of [kind, link, address, none])
            assert.ok(await eventually(`${id} is a dead letter`, () => dead(system, id)));
        assert.equal((await deadLetters(system, topic)) - before, 4);
        assert.equal(await inInbox(system, late), 0);
        const [one] = system.mail('fine@example.com');
        assert.equal(one.subject, 'Bestätige deine E-Mail-Adresse');
        assert.ok(!one.headers.includes('Bcc'));
        assert.match(one.text, /^Hallo x {2}Bcc: evil@example\.com,\n/);
        for (const to of ['late', 'kind', 'link', 'none']) assert.equal(system.mail(`${to}@example.com`).length, 0);
    },
);

scenario('a worker that is killed repeatedly loses no mail', async ({ system }) => {
    const mails = Array.from({ length: 300 }, (_, i) => mailRequest(`many${i}@example.com`));
    const done = async () => (await system.rows("select count(*)::int as n from inbox where consumer = 'mail'"))[0].n;
    const before = await done();
    const publishing = publish(system, ...mails);
    for (const mark of [10, 100]) {
        await eventually('mails are being sent', async () => (await done()) - before > mark, { every: 2 });
        await system.kill('email-1');
        await system.start('email-1');
    }
    const ids = await publishing;
    await eventually('all are in the inbox', async () => (await done()) - before === mails.length);
    const sent = new Map(system.mail().map((mail) => [mail.id, mail.to]));
    assert.deepEqual(
        ids.map((id) => sent.get(id)),
        mails.map((mail) => mail.to),
    );
});
