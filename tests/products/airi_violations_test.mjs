// AIRI: what follows a violation, by rule and by administrators, and appeals against it.

import assert from 'node:assert/strict';

import { withAccounts } from '../support/js/accounts.mjs';
import { rejected, Wire } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { call, linkOf, writer } from '../support/js/violations.mjs';

const test = withAccounts({ profile: 'airi', violations: 1, notifications: 1 });

const until = (stage, user, count) =>
    eventually(`there are ${count} violations`, async () => {
        const rows = await stage.system.rows(
            'select * from violations where user_id = $1 order by created_at, action',
            [user.id],
        );
        return rows.length === count && rows;
    });

async function administrator(stage, role = 'admin') {
    const account = await stage.join();
    await appoint(stage.system, account, role, stage.ports);
    return { ...account, api: call(stage.ports[0], account.token) };
}

test('AIRI-34: blocked messages lead to warnings, a suspension and a ban, which close sockets', async (stage) => {
    const user = await writer(stage);
    const first = await user.say('kill yourself');
    rejected(first, 422, 'MESSAGE_REJECTED');
    const [warning] = await until(stage, user, 1);
    assert.deepEqual([warning.action, warning.category, warning.points], ['warning', 'harassment', 1]);
    await eventually('the notice of the warning is there', async () => {
        const { data } = (await user.api('GET', '/notifications')).json;
        return data.some(({ kind, metadata }) => kind === 'violation_warning' && metadata.violation_id === warning.id);
    });
    const [shown] = await user.violations();
    assert.deepEqual([shown.id, shown.action, shown.appeal], [warning.id, 'warning', null]);

    const socket = await Wire.open(stage.ports[1], user.token);
    await user.say('heil hitler');
    await user.say('heil hitler');
    const suspension = (await until(stage, user, 3)).at(-1);
    assert.deepEqual([suspension.action, suspension.points], ['suspension', 2]);
    const days = (suspension.until - Date.now()) / 86_400_000;
    assert.ok(days > 2.9 && days <= 3, `${days} days`);
    await eventually('the socket is closed', () => socket.code === 1008);
    await eventually('no gateway lets the user act', async () => {
        const answer = await call(stage.ports[1], user.token)('GET', '/conversations');
        return answer.status === 403 && answer.json.error.code === 'ACCOUNT_SUSPENDED';
    });
    rejected(await stage.login(user), 403, 'ACCOUNT_SUSPENDED');
    await linkOf(stage, user, /suspended/);

    await stage.system.rows('update users set status_until = now() where id = $1', [user.id]);
    const token = (await stage.login(user)).json.data.access_token;
    await stage.system.rows('update violations set points = 14 where id = $1', [suspension.id]);
    const again = call(stage.ports[0], token);
    await again('POST', '/chat/messages', { content: 'kill yourself [[stub tokens=2]]' });
    const ban = (await until(stage, user, 4)).find(({ action }) => action === 'ban');
    assert.equal(ban.until, null);
    await eventually('the user is banned', async () => {
        const answer = await stage.login(user);
        return answer.status === 403 && answer.json.error.code === 'ACCOUNT_BANNED';
    });
    await linkOf(stage, user, /banned/);
    const audited = await stage.system.rows(
        "select action from audit_log where user_id = $1 and action like 'violation.%' order by at",
        [user.id],
    );
    assert.deepEqual(
        audited.map(({ action }) => action),
        ['violation.warning', 'violation.warning', 'violation.suspension', 'violation.ban'],
    );
});

test('AIRI-34: a suspended user appeals with the link, and a reversal lets them act again', async (stage) => {
    const user = await writer(stage);
    const admin = await administrator(stage);
    await admin.api('POST', `/admin/users/${user.id}/suspend`, { reason: 'by mistake' });
    const token = await linkOf(stage, user, /suspended/);
    const look = await stage.post('/moderation/appeals/details', { token });
    assert.deepEqual([look.json.data.action, look.json.data.reason], ['suspension', 'by mistake'], look.text);
    const appeal = { token, statement: 'I did nothing' };
    const sent = await stage.post('/moderation/appeals', appeal);
    assert.equal(sent.json.data.appeal.state, 'pending', sent.text);
    rejected(await stage.post('/moderation/appeals', appeal), 409, 'APPEAL_EXISTS');
    rejected(await stage.post('/moderation/appeals', { ...appeal, token: 'x' }), 404, 'NOT_FOUND');

    const { id } = sent.json.data.appeal;
    const mine = (await admin.api('GET', '/admin/appeals?state=pending')).json.data.find((one) => one.id === id);
    assert.deepEqual([mine.statement, mine.user.email, mine.user.status], ['I did nothing', user.email, 'suspended']);
    rejected(await user.api('POST', `/admin/appeals/${id}/decide`, { decision: 'reverse' }), 403);
    const decided = await admin.api('POST', `/admin/appeals/${id}/decide`, { decision: 'reverse', answer: 'Sorry' });
    assert.equal(decided.json.data.state, 'reversed', decided.text);
    assert.equal((await stage.login(user)).status, 200);
    rejected(await admin.api('POST', `/admin/appeals/${id}/decide`, { decision: 'uphold' }), 409, 'APPEAL_DECIDED');
    await eventually('the user is told', async () =>
        stage.system.mail(user.email).some((mail) => /appeal/.test(mail.subject) && mail.text.includes('Sorry')),
    );
});

test('AIRI-34: two administrators decide about a ban, and they have to agree', async (stage) => {
    const user = await writer(stage);
    const [one, two] = [await administrator(stage), await administrator(stage)];
    await one.api('POST', `/admin/users/${user.id}/ban`, { reason: 'spam' });
    const token = await linkOf(stage, user, /banned/);
    const { appeal } = (await stage.post('/moderation/appeals', { token, statement: 'Not me' })).json.data;
    const decide = (who, decision) => who.api('POST', `/admin/appeals/${appeal.id}/decide`, { decision });
    assert.equal((await decide(one, 'reverse')).json.data.state, 'confirming');
    rejected(await decide(one, 'reverse'), 409, 'SECOND_PERSON_NEEDED');
    assert.equal((await decide(two, 'uphold')).json.data.state, 'pending', 'they disagree: it begins anew');
    rejected(await stage.login(user), 403, 'ACCOUNT_BANNED');
    assert.equal((await decide(two, 'reverse')).json.data.state, 'confirming');
    assert.equal((await decide(one, 'reverse')).json.data.state, 'reversed');
    assert.equal((await stage.login(user)).status, 200);
});

test('a warning is appealed against by its user alone, and an upheld one stays', async (stage) => {
    const [user, other] = [await writer(stage), await writer(stage)];
    await user.say('kill yourself');
    const [{ id }] = await until(stage, user, 1);
    const path = `/moderation/violations/${id}/appeal`;
    rejected(await other.api('POST', path, { statement: 'x' }), 404, 'NOT_FOUND');
    const sent = await user.api('POST', path, { statement: 'It was a song' });
    assert.deepEqual([sent.status, sent.json.data.appeal.state], [201, 'pending'], sent.text);
    const admin = await administrator(stage);
    const { id: appeal } = sent.json.data.appeal;
    const listed = (await admin.api('GET', '/admin/appeals')).json.data.find((one) => one.id === appeal);
    assert.match(listed.message, /^kill yourself/);
    await admin.api('POST', `/admin/appeals/${appeal}/decide`, { decision: 'uphold' });
    assert.equal((await user.violations())[0].appeal.state, 'upheld');
    rejected(await user.api('POST', path, { statement: 'again' }), 409, 'APPEAL_EXISTS');
});

test('people with a role, and signs of self-harm, are not sanctioned by a rule', async (stage) => {
    const admin = await administrator(stage);
    await admin.api('POST', '/chat/messages', { content: 'kill yourself [[stub tokens=2]]' });
    const [row] = await until(stage, admin, 1);
    assert.equal(row.action, 'none');
    const user = await writer(stage);
    await stage.system.rows(
        `insert into moderation_decisions (message_id, user_id, action, categories, confidence, reason)
         values (gen_random_uuid(), $1, 'block', '{self_harm}', 1, 'x')`,
        [user.id],
    );
    assert.deepEqual(await user.violations(), []);
});
