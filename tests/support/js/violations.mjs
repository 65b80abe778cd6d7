// Messages that a product's list of terms blocks, and what follows for their user.

import { ask } from './raw.mjs';
import { mailsTo } from './billing.mjs';
import { eventually } from './system/wait.mjs';

export const call = (port, token) => (method, path, json) =>
    ask(port, { method, path: `/api/v1${path}`, token, ...(json && { json }) });

// A user whose messages end as moderation decides.
export async function writer(stage) {
    const account = await stage.join('pro');
    const api = call(stage.ports[0], account.token);
    const violations = async () => (await api('GET', '/moderation/violations')).json.data;
    const say = async (content) => {
        const sent = await ask(stage.ports[0], {
            method: 'POST',
            path: '/api/v1/chat/messages',
            token: account.token,
            headers: { Prefer: 'wait=20' },
            json: { content: `${content} [[stub tokens=2]]` },
        });
        return sent;
    };
    return { ...account, api, violations, say };
}

// The token of the link in the mail about a suspension or a ban.
export async function linkOf(stage, user, subject) {
    const mail = await eventually('the mail with the link is there', async () => mailsTo(stage, user, subject)[0]);
    return /\/appeal#([0-9a-f]{64})/.exec(mail.text)[1];
}
