// Delivery of mail to a server that verifies what Amazon's SES verifies.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';

import { afterFile } from '../support/js/harness.mjs';
import { readMail } from '../support/js/system/outbox.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { dead, listening, mailRequest, processed, publish, restart, withEmailWorker } from '../support/js/email.mjs';

const scenario = withEmailWorker();

const hmac = (key, text, as) => createHmac('sha256', key).update(text).digest(as);
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');

// AWS's signature version 4 of a request, as its documentation defines it.
function signature({ method, url, headers }, body, secret) {
    const [, day, region, service, names] = headers.authorization.match(
        new RegExp(
            '^AWS4-HMAC-SHA256 Credential=KEY123/(\\d{8})/([^/]+)/([^/]+)/aws4_request' +
                ', ?SignedHeaders=([^,]+), ?Signature=',
        ),
    );
    const signed = names
        .split(';')
        .map((name) => `${name}:${headers[name].trim()}\n`)
        .join('');
    const canonical = [method, url, '', signed, names, sha(body)].join('\n');
    const scope = `${day}/${region}/${service}/aws4_request`;
    const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha(canonical)].join('\n');
    const key = ['aws4_request'].reduce(hmac, hmac(hmac(hmac(`AWS4${secret}`, day), region), service));
    return { region, service, names: names.split(';'), signature: hmac(key, text, 'hex') };
}

scenario('SES receives signed mail, its throttling is retried and its rejections are final', async ({ system }) => {
    const secret = 'wJal/rXUtn+FEMI';
    const got = [];
    const answers = {
        'limit@example.com': [
            [400, 'LimitExceededException'],
            [429, 'TooManyRequestsException'],
            [503, ''],
        ],
        'rejected@example.com': [[400, 'MessageRejected']],
    };
    const server = createServer((request, response) => {
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('end', () => {
            const body = Buffer.concat(parts);
            const what = JSON.parse(body);
            const to = what.Destination.ToAddresses[0];
            const signed = signature(request, body, secret);
            got.push({ to, what, is: signed, url: request.url, headers: request.headers });
            const good = request.headers.authorization.endsWith(`Signature=${signed.signature}`);
            const [status, type] = good ? (answers[to]?.shift() ?? [200, '']) : [403, 'InvalidSignatureException'];
            response.writeHead(status, {
                'Content-Type': 'application/json',
                ...(type ? { 'x-amzn-ErrorType': type } : {}),
            });
            response.end(status === 200 ? '{"MessageId":"1"}' : '{"message":"scripted failure"}');
        });
    });
    afterFile(() => server.close());
    const port = await listening(server);
    const env = {
        MAIL_SES_REGION: 'eu-central-1',
        MAIL_SES_ENDPOINT: `http://127.0.0.1:${port}`,
        AWS_ACCESS_KEY_ID: 'KEY123',
    };
    await restart(system, { ...env, AWS_SECRET_ACCESS_KEY: 'another' });
    const [id] = await publish(system, mailRequest('ses@example.com'));
    await eventually('a bad signature is an outage', () =>
        system.logged('email-1', 'mail.not_sent').some((line) => line.reply === 403),
    );
    await restart(system, { ...env, AWS_SECRET_ACCESS_KEY: secret });
    await processed(system, id);
    const { what, is: signed, url } = got.at(-1);
    assert.equal(url, '/v2/email/outbound-emails');
    assert.deepEqual([signed.region, signed.service], ['eu-central-1', 'ses']);
    for (const name of ['host', 'x-amz-date']) assert.ok(signed.names.includes(name));
    assert.equal(what.FromEmailAddress, 'no-reply@localhost');
    assert.deepEqual(what.EmailTags, [{ Name: 'event', Value: id }]);
    const mail = readMail(Buffer.from(what.Content.Raw.Data, 'base64'));
    assert.deepEqual([mail.faults, mail.to, mail.id], [[], 'ses@example.com', id]);

    const [rejected, limited] = await publish(
        system,
        mailRequest('rejected@example.com'),
        mailRequest('limit@example.com'),
    );
    await processed(system, limited);
    await eventually('the rejected one is a dead letter', () => dead(system, rejected));
    const tries = (name) => got.filter(({ to }) => to === `${name}@example.com`).length;
    assert.deepEqual([tries('limit'), tries('rejected')], [4, 1]);
});
