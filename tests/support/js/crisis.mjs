// People at risk, and people who work on their alerts, on a system with Ezri's profile.

import assert from 'node:assert/strict';

import { ask, Wire } from './raw.mjs';
import { appoint } from './staff.mjs';

export const riskyWords = 'I want to end my life';

// A new user of the stage, with that role on every gateway; `api` asks the first one.
export async function joined(stage, role = 'user') {
    const account = await stage.join();
    const api = (method, path, json, headers) =>
        ask(stage.ports[0], { method, path: `/v1${path}`, token: account.token, json, headers });
    if (role !== 'user') await appoint(stage.system, account, role, stage.ports);
    return { ...account, api };
}

export const startTalk = async (user) =>
    (await user.api('POST', '/ai/conversation/start', { avatar_id: 'avatar-1' })).json.data.id;

export async function say(user, conversation_id, content = riskyWords) {
    const sent = await user.api('POST', '/ai/conversation/message', { conversation_id, content });
    assert.equal(sent.status, 201, sent.text);
}

// A user with a conversation of so many messages at high risk, and its alerts, the oldest first.
export async function atRisk(stage, messages = 1) {
    const user = await joined(stage);
    const conversation = await startTalk(user);
    for (let i = 0; i < messages; ++i) await say(user, conversation);
    const alerts = (await user.api('GET', `/crisis/alerts/mine?conversation_id=${conversation}`)).json.data.reverse();
    assert.equal(alerts.length, messages);
    const state = async () =>
        (await user.api('GET', `/ai/conversations/${conversation}`)).json.data.conversation.safety_state;
    return { user, conversation, alerts, state };
}

// A socket of the account on the second gateway that is subscribed to these channels.
export async function listen(stage, account, channels) {
    const wire = await Wire.open(stage.ports[1], account.token);
    for (const channel of channels) assert.equal((await wire.reply('subscribe', { channel })).type, 'subscribed');
    return wire;
}

export const heard = (wire, alert, status) =>
    wire.receive(
        `the alert is ${status}`,
        ({ type, data }) => type === 'crisis_alert' && data.alert_id === alert && data.status === status,
    );

// The audit log's entries about an object, the oldest first.
export const auditOf = ({ system }, alert) =>
    system.rows('select user_id, actor, action, details from audit_log where subject = $1 order by at, id', [alert]);
