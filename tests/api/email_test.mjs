// Mails on their way: into the outbox, to a real SMTP server that says yes, later, no or nothing, and to a server that checks
// what Amazon's SES checks.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { after } from 'node:test';

import { SMTPServer } from 'smtp-server';

import { deadLetters, readTopic } from '../support/js/system/checker.mjs';
import { readMail } from '../support/js/system/outbox.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { onSystem } from '../support/js/scenario.mjs';

const topic = 'email.requested.v1';
const scenario = onSystem({ chat: 0, moderation: 0, usage: 0, gateways: 0 });
const servers = [];
after(() => servers.forEach((server) => server.close()));

const wanted = (to, more = {}) => ({
    user_id: crypto.randomUUID(), to, kind: 'verify_email', locale: 'en', link: 'https://airi.example/verify?token=a_b-c%3D=1',
    variables: { name: 'Ädä <b> "x"' }, expires_at: new Date(Date.now() + 3_600_000).toISOString(), ...more,
});

async function publish(system, ...mails) {
    const producer = system.kafka.producer();
    await producer.connect();
    const ids = mails.map(() => crypto.randomUUID());
    const messages = mails.map((mail, i) => ({
        key: mail.user_id, value: JSON.stringify(mail),
        headers: { ce_id: mail.event ?? ids[i], ce_time: '2026-11-20T18:45:03.5Z', ce_type: topic },
    }));
    await producer.send({ topic, messages });
    await producer.disconnect();
    return ids;
}

const inInbox = async (system, id) =>
    (await system.rows("select count(*)::int as n from inbox where consumer = 'mail' and event_id = $1", [id]))[0].n;
const remembered = (system, id) => eventually(`${id} is remembered`, async () => (await inInbox(system, id)) === 1);
const dead = async (system, id) => (await readTopic(system, `${topic}-dlt`)).find((letter) => letter.headers.ce_id === id);

/// A mail worker with these settings in place of the one that runs.
async function restart(system, env) {
    await system.stop('email-1');
    await system.start('email-1', env);
    await system.settled({ email: 1 });
}

const listening = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.server ?? server).address().port)));

/// An SMTP server; `refuse` gives the answer to a recipient or to a whole mail: nothing, or a code.
async function smtp({ refuse = {}, options = {} } = {}) {
    const got = { mails: [], users: [], tries: [], secure: [] };
    const no = (code) => Object.assign(new Error('as the test wants'), { responseCode: code });
    const server = new SMTPServer({
        disabledCommands: ['STARTTLS'],
        authOptional: true,
        onAuth({ username, password }, session, done) {
            got.users.push(username);
            done(password === 'p@ss/w:rd' ? null : no(535), { user: username });
        },
        onRcptTo({ address }, session, done) {
            got.tries.push(address);
            const code = refuse.recipient?.(address, got.tries.filter((one) => one === address).length);
            done(code ? no(code) : null);
        },
        onData(stream, session, done) {
            const parts = [];
            stream.on('data', (part) => parts.push(part));
            stream.on('end', () => {
                const raw = Buffer.concat(parts);
                const to = session.envelope.rcptTo.map((one) => one.address);
                const code = refuse.mail?.(to[0]);
                if (!code) got.mails.push({ raw, to, from: session.envelope.mailFrom.address, user: session.user, secure: session.secure });
                done(code ? no(code) : null);
            });
        },
        ...options,
    });
    server.on('error', () => {});
    servers.push(server);
    return { got, port: await listening(server), server };
}

scenario('a mail that was asked for is one file in the outbox, however often it is delivered', async ({ system }) => {
    const mail = wanted('ada@example.com');
    const [id] = await publish(system, mail);
    await eventually('the mail is there', () => system.mail('ada@example.com').length === 1);
    await remembered(system, id);
    const [one] = system.mail();
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

    // The same event again: written again it would be another file to the system (rename), so its inode tells.
    const before = statSync(path.join(system.dir, 'mail', one.file)).ino;
    await publish(system, { ...mail, event: id });
    const [behind] = await publish(system, wanted('behind@example.com', { user_id: mail.user_id }));
    await remembered(system, behind);
    assert.equal(system.mail('ada@example.com').length, 1);
    assert.equal(statSync(path.join(system.dir, 'mail', one.file)).ino, before);

    // Not remembered, as after a death between sending and committing: the same file once more, and no second one.
    await system.rows('delete from inbox where event_id = $1', [id]);
    await publish(system, { ...mail, event: id });
    await remembered(system, id);
    assert.notEqual(statSync(path.join(system.dir, 'mail', one.file)).ino, before);
    assert.equal(system.mail('ada@example.com').length, 1);
    assert.deepEqual(readdirSync(path.join(system.dir, 'mail')).filter((name) => name.startsWith('.')), []);

    const airi = (...words) => execFileSync(new URL('../../airi', import.meta.url).pathname, ['mail', ...words], {
        encoding: 'utf8', env: { ...process.env, AIRI_HOME: path.join(system.dir, 'home'), MAIL_OUTBOX: path.join(system.dir, 'mail') } });
    const list = airi().split('\n');
    assert.match(list[0], /^ {2}1 {2}[-\d]{10} [:\d]{8} {2}ada@example\.com {2}Confirm your e-mail address$/);
    assert.deepEqual(list.filter((line) => line.includes('://')).map((line) => line.trim()), [mail.link, mail.link]);
    assert.match(airi('1'), new RegExp(`To: ada@example\\.com\n[^]*Message-ID: <${id}@localhost>\n\nHello Ädä <b> "x",\n`));

    const log = readFileSync(system.program('email-1').log, 'utf8');
    for (const secret of ['token=', 'ada@', 'Ädä']) assert.ok(!log.includes(secret), `${secret} is in the log`);
});

scenario('what is too late is not sent, what is wrong goes to the dead letters, and the rest goes on', async ({ system }) => {
    const before = await deadLetters(system, topic);
    const user_id = crypto.randomUUID();
    const [late, kind, link, address, none, german] = await publish(
        system, wanted('late@example.com', { user_id, expires_at: new Date(Date.now() - 1000).toISOString() }),
        wanted('kind@example.com', { user_id, kind: 'nothing' }), wanted('link@example.com', { user_id, link: 'javascript:alert(1)' }),
        wanted('a@b\r\nBcc: c@d', { user_id }), wanted('none@example.com', { user_id, link: '' }),
        wanted('fine@example.com', { user_id, locale: 'de-AT', variables: { name: 'x\r\nBcc: evil@example.com' } }));
    await remembered(system, german);
    for (const id of [kind, link, address, none]) assert.ok(await eventually(`${id} is a dead letter`, () => dead(system, id)));
    assert.equal((await deadLetters(system, topic)) - before, 4);
    assert.equal(await inInbox(system, late), 0);
    const [one] = system.mail('fine@example.com');
    assert.equal(one.subject, 'Bestätige deine E-Mail-Adresse');
    assert.ok(!one.headers.includes('Bcc'));
    assert.match(one.text, /^Hallo x {2}Bcc: evil@example\.com,\n/);
    for (const to of ['late', 'kind', 'link', 'none']) assert.equal(system.mail(`${to}@example.com`).length, 0);
});

scenario('a worker that is killed over and over loses no mail', async ({ system }) => {
    const mails = Array.from({ length: 300 }, (_, i) => wanted(`many${i}@example.com`));
    const done = async () => (await system.rows("select count(*)::int as n from inbox where consumer = 'mail'"))[0].n;
    const before = await done();
    const publishing = publish(system, ...mails);
    for (const mark of [10, 100]) {
        await eventually('mails are being sent', async () => (await done()) - before > mark, { every: 2 });
        await system.kill('email-1');
        await system.start('email-1');
    }
    const ids = await publishing;
    await eventually('all are remembered', async () => (await done()) - before === mails.length);
    const sent = new Map(system.mail().map((mail) => [mail.id, mail.to]));
    assert.deepEqual(ids.map((id) => sent.get(id)), mails.map((mail) => mail.to));
});

scenario('an SMTP server gets the mail, with our credentials', async ({ system }) => {
    const { got, port } = await smtp({ options: { authOptional: false } });
    await restart(system, { MAIL_SMTP_URL: `smtp://us%40er:p%40ss%2Fw%3Ard@127.0.0.1:${port}`, MAIL_FROM: 'Äiri <post@airi.example>' });
    const [id] = await publish(system, wanted('smtp@example.com', { kind: 'magic_link', variables: null }));
    await remembered(system, id);
    assert.equal(got.mails.length, 1);
    const [{ raw, to, from, user }] = got.mails;
    assert.deepEqual([to, from, user], [['smtp@example.com'], 'post@airi.example', 'us@er']);
    const mail = readMail(raw);
    assert.deepEqual(mail.faults, []);
    assert.equal(mail.from, 'Äiri <post@airi.example>');
    assert.equal(mail.messageId, `<${id}@airi.example>`);
    assert.match(mail.text, /^open this link to sign in to Äiri:\n/);
    assert.equal(system.mail('smtp@example.com').length, 0);
});

scenario('over TLS, from the first byte or by STARTTLS, only a certificate that is believed is spoken to', async ({ system }) => {
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(system.dir, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', key,
        '-out', cert, '-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'pipe' });
    const tls = { key: readFileSync(key), cert: readFileSync(cert), disabledCommands: [] };
    for (const [scheme, secure] of [['smtps', true], ['smtp', false]]) {
        const { got, port } = await smtp({ options: { ...tls, secure } });
        const url = `${scheme}://user:p%40ss%2Fw%3Ard@127.0.0.1:${port}`;
        const failures = () => system.logged('email-1', 'mail.not_sent').filter((line) => /certificate/.test(line.curl)).length;
        const before = failures();
        await restart(system, { MAIL_SMTP_URL: url });
        const [id] = await publish(system, wanted(`${scheme}@example.com`));
        await eventually('the certificate is not believed', () => failures() > before);
        assert.deepEqual([got.mails.length, got.users.length], [0, 0]);
        await restart(system, { MAIL_SMTP_URL: url, MAIL_CA_FILE: cert });
        await remembered(system, id);
        assert.deepEqual(got.mails.map((mail) => [mail.user, mail.secure]), [['user', true]]);
    }
});

scenario('a server that says later is asked again, one that says no is not', async ({ system }) => {
    const refuse = {
        recipient: (address, n) => ({ 'later@example.com': n < 3 && 451, 'never@example.com': 550 })[address],
        mail: (address) => ({ 'spam@example.com': 554 })[address],
    };
    const { got, port } = await smtp({ refuse });
    await restart(system, { MAIL_SMTP_URL: `smtp://127.0.0.1:${port}` });
    const [never, spam, later] = await publish(system, ...['never', 'spam', 'later'].map((name) => wanted(`${name}@example.com`)));
    await remembered(system, later);
    const letter = await eventually('the refused one is a dead letter', () => dead(system, never));
    assert.match(letter.headers['kafka_dlt-exception-message'], /refused/);
    await eventually('the one that is refused as a whole is a dead letter', () => dead(system, spam));
    assert.deepEqual(got.mails.map((mail) => mail.to[0]), ['later@example.com']);
    const tries = (name) => got.tries.filter((one) => one === `${name}@example.com`).length;
    assert.deepEqual([tries('later'), tries('never'), tries('spam')], [3, 1, 1]);
    for (const id of [never, spam]) assert.equal(await inInbox(system, id), 0);
});

scenario('no server, a wrong password and no TLS are not the fault of a mail: it waits', async ({ system }) => {
    const { got, port, server } = await smtp();
    const before = await deadLetters(system, topic);
    await restart(system, { MAIL_SMTP_URL: `smtp://user:wrong@127.0.0.1:${port}` });
    const [id] = await publish(system, wanted('waits@example.com'));
    await eventually('the password was tried', () => got.users.length >= 2);
    // The address is this machine's, but not by its loopback names: a password needs TLS, which this server has not.
    await restart(system, { MAIL_SMTP_URL: `smtp://user:p%40ss%2Fw%3Ard@0.0.0.0:${port}` });
    const tried = got.users.length;
    await eventually('TLS was wanted', () => system.logged('email-1', 'mail.not_sent').some((line) => /SSL/.test(line.curl)));
    assert.equal(got.users.length, tried);
    await new Promise((resolve) => server.close(resolve));
    await restart(system, { MAIL_SMTP_URL: `smtp://127.0.0.1:${port}` });
    await eventually('nobody is there', () => system.logged('email-1', 'mail.not_sent').some((line) => /connect/.test(line.curl)));
    assert.equal(await inInbox(system, id), 0);
    await restart(system, {});
    await remembered(system, id);
    assert.equal(system.mail('waits@example.com').length, 1);
    assert.equal(await deadLetters(system, topic), before);
});

const hmac = (key, text, as) => createHmac('sha256', key).update(text).digest(as);
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');

/// AWS's signature version 4 of a request, as its documentation has it.
function signature({ method, url, headers }, body, secret) {
    const [, day, region, service, names] = headers.authorization.match(
        /^AWS4-HMAC-SHA256 Credential=KEY123\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=/);
    const signed = names.split(';').map((name) => `${name}:${headers[name].trim()}\n`).join('');
    const canonical = [method, url, '', signed, names, sha(body)].join('\n');
    const scope = `${day}/${region}/${service}/aws4_request`;
    const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha(canonical)].join('\n');
    const key = ['aws4_request'].reduce(hmac, hmac(hmac(hmac(`AWS4${secret}`, day), region), service));
    return { region, service, names: names.split(';'), signature: hmac(key, text, 'hex') };
}

scenario('SES gets the mail, signed; its limits are waited for, its refusals are the end', async ({ system }) => {
    const secret = 'wJal/rXUtn+FEMI';
    const got = [];
    const answers = { 'limit@example.com': [[400, 'LimitExceededException'], [429, 'TooManyRequestsException'], [503, '']],
        'rejected@example.com': [[400, 'MessageRejected']] };
    const server = createServer((request, response) => {
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('end', () => {
            const body = Buffer.concat(parts);
            const what = JSON.parse(body);
            const to = what.Destination.ToAddresses[0];
            const is = signature(request, body, secret);
            got.push({ to, what, is, url: request.url, headers: request.headers });
            const good = request.headers.authorization.endsWith(`Signature=${is.signature}`);
            const [status, type] = good ? (answers[to]?.shift() ?? [200, '']) : [403, 'InvalidSignatureException'];
            response.writeHead(status, { 'Content-Type': 'application/json', ...(type ? { 'x-amzn-ErrorType': type } : {}) });
            response.end(status === 200 ? '{"MessageId":"1"}' : '{"message":"as the test wants"}');
        });
    });
    servers.push(server);
    const port = await listening(server);
    const env = { MAIL_SES_REGION: 'eu-central-1', MAIL_SES_ENDPOINT: `http://127.0.0.1:${port}`, AWS_ACCESS_KEY_ID: 'KEY123' };
    await restart(system, { ...env, AWS_SECRET_ACCESS_KEY: 'another' });
    const [id] = await publish(system, wanted('ses@example.com'));
    await eventually('a bad signature is an outage', () => system.logged('email-1', 'mail.not_sent').some((line) => line.reply === 403));
    await restart(system, { ...env, AWS_SECRET_ACCESS_KEY: secret });
    await remembered(system, id);
    const { what, is, url } = got.at(-1);
    assert.equal(url, '/v2/email/outbound-emails');
    assert.deepEqual([is.region, is.service], ['eu-central-1', 'ses']);
    for (const name of ['host', 'x-amz-date']) assert.ok(is.names.includes(name));
    assert.equal(what.FromEmailAddress, 'no-reply@localhost');
    assert.deepEqual(what.EmailTags, [{ Name: 'event', Value: id }]);
    const mail = readMail(Buffer.from(what.Content.Raw.Data, 'base64'));
    assert.deepEqual([mail.faults, mail.to, mail.id], [[], 'ses@example.com', id]);

    const [rejected, limited] = await publish(system, wanted('rejected@example.com'), wanted('limit@example.com'));
    await remembered(system, limited);
    await eventually('the rejected one is a dead letter', () => dead(system, rejected));
    const tries = (name) => got.filter(({ to }) => to === `${name}@example.com`).length;
    assert.deepEqual([tries('limit'), tries('rejected')], [4, 1]);
});
