// Shared by the tests of mail delivery: a system with only the email worker, requests for mail, and their outcome.

import { withProducer } from './system/access.mjs';
import { readTopic } from './system/checker.mjs';
import { eventually } from './system/wait.mjs';
import { withSystem } from './scenario.mjs';

export const topic = 'email.requested.v1';

export const onlyEmail = { chat: 0, moderation: 0, usage: 0, outbox: 0, gateways: 0 };
export const withEmailWorker = () => withSystem(onlyEmail);

export const mailRequest = (to, more = {}) => ({
    user_id: crypto.randomUUID(),
    to,
    kind: 'verify_email',
    locale: 'en',
    link: 'https://airi.example/verify?token=a_b-c%3D=1',
    variables: { name: 'Ädä <b> "x"' },
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    ...more,
});

export async function publish(system, ...mails) {
    const ids = mails.map(() => crypto.randomUUID());
    const messages = mails.map((mail, i) => ({
        key: mail.user_id,
        value: JSON.stringify(mail),
        headers: { ce_id: mail.event ?? ids[i], ce_time: '2026-11-20T18:45:03.5Z', ce_type: topic },
    }));
    await withProducer(system, (producer) => producer.send({ topic, messages }));
    return ids;
}

export const inInbox = async (system, id) =>
    (await system.rows("select count(*)::int as n from inbox where consumer = 'mail' and event_id = $1", [id]))[0].n;
export const processed = (system, id) =>
    eventually(`${id} is in the inbox`, async () => (await inInbox(system, id)) === 1);
export const dead = async (system, id) =>
    (await readTopic(system, `${topic}-dlt`)).find((letter) => letter.headers.ce_id === id);

// Restarts the email worker with these settings.
export async function restart(system, env) {
    await system.stop('email-1');
    await system.start('email-1', env);
    await system.settled({ email: 1 });
}

// Starts a server on a free port and returns the port.
export const listening = (server) =>
    new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.server ?? server).address().port)));
