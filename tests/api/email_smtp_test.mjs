// Delivery of mail to a real SMTP server that accepts, defers, rejects or is silent.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { SMTPServer } from 'smtp-server';

import { afterFile } from '../support/js/harness.mjs';
import { deadLetters } from '../support/js/system/checker.mjs';
import { readMail } from '../support/js/system/outbox.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import {
    dead,
    inInbox,
    listening,
    mailRequest,
    processed,
    publish,
    restart,
    topic,
    withEmailWorker,
} from '../support/js/email.mjs';

const scenario = withEmailWorker();

// An SMTP server; `refuse` returns the status code for a recipient or a whole mail, or nothing to accept it.
async function smtp({ refuse = {}, options = {} } = {}) {
    const got = { mails: [], users: [], tries: [], secure: [] };
    const no = (code) => Object.assign(new Error('scripted failure'), { responseCode: code });
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
                if (!code)
                    got.mails.push({
                        raw,
                        to,
                        from: session.envelope.mailFrom.address,
                        user: session.user,
                        secure: session.secure,
                    });
                done(code ? no(code) : null);
            });
        },
        ...options,
    });
    server.on('error', () => {});
    afterFile(() => server.close());
    return { got, port: await listening(server), server };
}
scenario('an SMTP server receives the mail with the configured credentials', async ({ system }) => {
    const { got, port } = await smtp({ options: { authOptional: false } });
    await restart(system, {
        MAIL_SMTP_URL: `smtp://us%40er:p%40ss%2Fw%3Ard@127.0.0.1:${port}`,
        MAIL_FROM: 'Äiri <post@airi.example>',
    });
    const [id] = await publish(system, mailRequest('smtp@example.com', { kind: 'magic_link', variables: null }));
    await processed(system, id);
    assert.equal(got.mails.length, 1);
    const [{ raw, to, from, user }] = got.mails;
    assert.deepEqual([to, from, user], [['smtp@example.com'], 'post@airi.example', 'us@er']);
    const mail = readMail(raw);
    assert.deepEqual(mail.faults, []);
    assert.equal(mail.from, 'Äiri <post@airi.example>');
    assert.equal(mail.messageId, `<${id}@airi.example>`);
    assert.match(mail.text, /^open this link to sign in to Äiri, in the browser in which you asked for it:\n/);
    assert.equal(system.mail('smtp@example.com').length, 0);
});

scenario('implicit TLS and STARTTLS both require a trusted certificate', async ({ system }) => {
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(system.dir, name));
    execFileSync(
        'openssl',
        [
            'req',
            '-x509',
            '-newkey',
            'ec',
            '-pkeyopt',
            'ec_paramgen_curve:P-256',
            '-nodes',
            '-days',
            '2',
            '-keyout',
            key,
            '-out',
            cert,
            '-subj',
            '/CN=mail',
            '-addext',
            'subjectAltName=IP:127.0.0.1',
        ],
        { stdio: 'pipe' },
    );
    const tls = { key: readFileSync(key), cert: readFileSync(cert), disabledCommands: [] };
    for (const [scheme, secure] of [
        ['smtps', true],
        ['smtp', false],
    ]) {
        const { got, port } = await smtp({ options: { ...tls, secure } });
        const url = `${scheme}://user:p%40ss%2Fw%3Ard@127.0.0.1:${port}`;
        const failures = () =>
            system.logged('email-1', 'mail.not_sent').filter((line) => /certificate/.test(line.curl)).length;
        const before = failures();
        await restart(system, { MAIL_SMTP_URL: url });
        const [id] = await publish(system, mailRequest(`${scheme}@example.com`));
        await eventually('the certificate is not trusted', () => failures() > before);
        assert.deepEqual([got.mails.length, got.users.length], [0, 0]);
        await restart(system, { MAIL_SMTP_URL: url, MAIL_CA_FILE: cert });
        await processed(system, id);
        assert.deepEqual(
            got.mails.map((mail) => [mail.user, mail.secure]),
            [['user', true]],
        );
    }
});

scenario('a temporary SMTP failure is retried, a permanent one is not', async ({ system }) => {
    const refuse = {
        recipient: (address, n) => ({ 'later@example.com': n < 3 && 451, 'never@example.com': 550 })[address],
        mail: (address) => ({ 'spam@example.com': 554 })[address],
    };
    const { got, port } = await smtp({ refuse });
    await restart(system, { MAIL_SMTP_URL: `smtp://127.0.0.1:${port}` });
    const [never, spam, later] = await publish(
        system,
        ...['never', 'spam', 'later'].map((name) => mailRequest(`${name}@example.com`)),
    );
    await processed(system, later);
    const letter = await eventually('the mail with a rejected recipient is a dead letter', () => dead(system, never));
    assert.match(letter.headers['kafka_dlt-exception-message'], /rejected/);
    await eventually('the rejected mail is a dead letter', () => dead(system, spam));
    assert.deepEqual(
        got.mails.map((mail) => mail.to[0]),
        ['later@example.com'],
    );
    const tries = (name) => got.tries.filter((one) => one === `${name}@example.com`).length;
    assert.deepEqual([tries('later'), tries('never'), tries('spam')], [3, 1, 1]);
    for (const id of [never, spam]) assert.equal(await inInbox(system, id), 0);
});

scenario(
    'an unreachable server, a wrong password or missing TLS delays a mail instead of failing it',
    async ({ system }) => {
        const { got, port, server } = await smtp();
        const before = await deadLetters(system, topic);
        await restart(system, { MAIL_SMTP_URL: `smtp://user:wrong@127.0.0.1:${port}` });
        const [id] = await publish(system, mailRequest('waits@example.com'));
        await eventually('the password was tried', () => got.users.length >= 2);
        // The address is this machine's, but not a loopback name: a password needs TLS, which the server lacks.
        await restart(system, { MAIL_SMTP_URL: `smtp://user:p%40ss%2Fw%3Ard@0.0.0.0:${port}` });
        const tried = got.users.length;
        await eventually('TLS was required', () =>
            system.logged('email-1', 'mail.not_sent').some((line) => /SSL/.test(line.curl)),
        );
        assert.equal(got.users.length, tried);
        await new Promise((resolve) => server.close(resolve));
        await restart(system, { MAIL_SMTP_URL: `smtp://127.0.0.1:${port}` });
        await eventually('no connection is left', () =>
            system.logged('email-1', 'mail.not_sent').some((line) => /connect/.test(line.curl)),
        );
        assert.equal(await inInbox(system, id), 0);
        await restart(system, {});
        await processed(system, id);
        assert.equal(system.mail('waits@example.com').length, 1);
        assert.equal(await deadLetters(system, topic), before);
    },
);
