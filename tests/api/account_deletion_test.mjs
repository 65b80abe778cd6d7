// Deletion of an account, its restoration in time, and its erasure, after which no table contains its data.

import assert from 'node:assert/strict';

import { generate } from 'otplib';

import { eventually } from '../support/js/system/wait.mjs';
import { address, birthDate, password, withAccounts } from '../support/js/accounts.mjs';
import { mailsOf, tokenOf } from '../support/js/mail_links.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts();

const call = (port, token) => (method, path, json) =>
    ask(port, { method, path: `/api/v1${path}`, token, json, from: address() });
const closingMail = async (system, to, count = 1) => (await mailsOf(system, to, 'account_deletion', count)).at(-1);
const endGracePeriod = (system, id) =>
    system.rows("update users set erase_at = now() - interval '1 second' where id = $1", [id]);

// Every table and column that contains a text.
async function placesOf(system, text) {
    const columns = await system.rows(`
        select c.table_name as table, c.column_name as column from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where table_schema = 'airi' and table_type = 'BASE TABLE'
        and (data_type in ('text', 'character varying', 'jsonb', 'json', 'ARRAY', 'inet') or udt_name = 'citext')`);
    assert.ok(columns.length > 80, `${columns.length} columns`);
    const found = [];
    for (const { table, column } of columns) {
        const [{ n }] = await system.rows(
            `select count(*)::int as n from "${table}" where "${column}"::text ilike '%' || $1 || '%'`,
            [text],
        );
        if (n > 0) found.push(`${table}.${column}`);
    }
    return found;
}

test('SAAS-08: account deletion needs a fresh proof, ends sessions, keys and sockets and mails the final date', async ({
    system,
    ports,
    join,
    login,
    post,
    outdated,
    rejectedEverywhere,
}) => {
    const account = await join('pro');
    const api = call(ports[0], account.token);
    const other = (await login(account)).json.data.access_token;
    const { key } = (await api('POST', '/api-keys', { name: 'k' })).json.data;
    const sockets = [await Wire.open(ports[1], other), await Wire.open(ports[1], key)];
    const late = call(ports[0], await outdated(account));
    rejected(await late('DELETE', '/users/me', {}), 403, 'REAUTHENTICATION_REQUIRED');
    rejected(await api('DELETE', '/users/me', { password: 'wrong password' }), 403, 'WRONG_PASSWORD');
    rejected(await api('DELETE', '/users/me', { code: '000000' }), 403, 'WRONG_CODE');
    rejected(await api('DELETE', '/users/me', { password, user_id: account.id }), 422, 'VALIDATION_FAILED');
    rejected(await late('DELETE', '/users/me'), 403, 'REAUTHENTICATION_REQUIRED');
    rejected(await call(ports[0], key)('DELETE', '/users/me', { password }), 403, 'SCOPE_NEEDED');
    const both = await Promise.all(ports.map((port) => call(port, account.token)('DELETE', '/users/me', { password })));
    assert.deepEqual(
        both.map((one) => one.status).filter((status) => status === 200).length,
        1,
        'at two gateways at once',
    );
    const { erase_at } = both.find((one) => one.status === 200).json.data;
    assert.ok(Math.abs(Date.parse(erase_at) - Date.now() - 30 * 86_400_000) < 3_700_000 * 2, erase_at);
    await eventually('its sockets are closed', () => sockets.every((one) => one.code === 1008));
    for (const token of [account.token, other]) await rejectedEverywhere(token, 'ACCOUNT_DELETED', 403);
    rejected(await call(ports[1], key)('GET', '/conversations'), 403, 'ACCOUNT_DELETED');
    const mail = await closingMail(system, account.email);
    assert.ok(mail.text.includes(erase_at.slice(0, 10)), mail.text);
    const refusal = await login(account);
    rejected(refusal, 403, 'ACCOUNT_DELETED');
    assert.equal(refusal.json.error.details.erase_at, erase_at);
    rejected(await post('/auth/login', { email: account.email, password: 'wrong password' }), 401, 'WRONG_CREDENTIALS');
    rejected(await post('/auth/signup', { email: account.email, password, birth_date: birthDate }), 409, 'EMAIL_TAKEN');
});

test('SAAS-08: the password or a single-use link restores a deleted account unchanged', async ({
    system,
    ports,
    join,
    login,
    post,
}) => {
    const account = await join();
    const conversation = (await call(ports[0], account.token)('POST', '/conversations', { title: 'kept' })).json.data;
    await call(ports[0], account.token)('DELETE', '/users/me', { password });
    rejected(
        await post('/auth/restore', { email: account.email, password: 'wrong password' }),
        401,
        'WRONG_CREDENTIALS',
    );
    const back = await post('/auth/restore', { email: account.email, password });
    assert.equal(back.status, 200, back.text);
    const api = call(ports[1], back.json.data.access_token);
    assert.equal((await api('GET', `/conversations/${conversation.id}`)).json.data.title, 'kept');
    const spent = await tokenOf(system, account.email, 'account_deletion');
    await eventually(
        'the session is known',
        async () => (await api('DELETE', '/users/me', { password })).status === 200,
    );
    rejected(await post('/auth/restore/link', { token: spent }), 400, 'LINK_INVALID');
    const token = await tokenOf(system, account.email, 'account_deletion', 2);
    for (const wrong of ['x', `${token}x`])
        rejected(await post('/auth/restore/link', { token: wrong }), 400, 'LINK_INVALID');
    rejected(await post('/auth/magic-link/login', { token }), 400, 'LINK_INVALID');
    const twice = await Promise.all(ports.map((port) => post('/auth/restore/link', { token }, { port })));
    assert.deepEqual(twice.map((one) => one.status).sort(), [200, 400]);
    assert.equal((await login(account)).status, 200);
    const done = (
        await call(ports[0], (await login(account)).json.data.access_token)('GET', '/users/activity?limit=50')
    ).json.data.map((one) => one.action);
    assert.deepEqual(
        done.filter((action) => action.startsWith('account.')),
        ['account.restored', 'account.closed', 'account.restored', 'account.closed'],
    );
});

test('a second factor replaces the password for deletion and is required for restoration', async ({
    system,
    ports,
    join,
    post,
}) => {
    const account = await join();
    const api = call(ports[0], account.token);
    const { secret } = (await api('POST', '/auth/2fa/setup', {})).json.data;
    // Not on yet: whoever has the session could have set it up.
    rejected(await api('DELETE', '/users/me', { code: await generate({ secret }) }), 403, 'WRONG_CODE');
    const { recovery_codes: codes } = (await api('POST', '/auth/2fa/enable', { code: await generate({ secret }) })).json
        .data;
    rejected(
        await api('DELETE', '/users/me', { code: codes[0].replace(/./, (c) => (c === '0' ? '1' : '0')) }),
        403,
        'WRONG_CODE',
    );
    assert.equal((await api('DELETE', '/users/me', { code: codes[0] })).status, 200);
    rejected(await post('/auth/restore', { email: account.email, password }), 401, 'TWO_FACTOR_REQUIRED');
    rejected(await post('/auth/restore', { email: account.email, password, code: codes[0] }), 401, 'WRONG_CODE');
    assert.equal((await post('/auth/restore', { email: account.email, password, code: codes[1] })).status, 200);
    const plain = await join();
    await system.rows('update users set password_hash = null where id = $1', [plain.id]);
    await system.rows("update sessions set created_at = now() - interval '1 hour' where user_id = $1", [plain.id]);
    rejected(await call(ports[0], plain.token)('DELETE', '/users/me', {}), 403, 'REAUTHENTICATION_REQUIRED');
    await system.rows('update sessions set created_at = now() where user_id = $1', [plain.id]);
    assert.equal(
        (await call(ports[0], plain.token)('DELETE', '/users/me', {})).status,
        200,
        'without a password a recent sign-in suffices',
    );
});

test('an account that cannot be erased does not block others and is retried', async ({ system, ports, join }) => {
    const [stubborn, other] = [await join(), await join()];
    for (const account of [stubborn, other]) {
        assert.equal((await call(ports[0], account.token)('DELETE', '/users/me', { password })).status, 200);
        await endGracePeriod(system, account.id);
    }
    await system.rows(`create function stubborn() returns trigger language plpgsql as
        $$ begin raise exception 'not today'; end $$;
        create trigger stubborn before delete on sessions for each row when (old.user_id = '${stubborn.id}')
        execute function stubborn()`);
    const erased = async ({ id }) =>
        (await system.rows('select erased_at is not null as is from users where id = $1', [id]))[0].is;
    assert.equal((await system.rows('select job_erasures()::int as done'))[0].done, 1);
    assert.deepEqual([await erased(stubborn), await erased(other)], [false, true]);
    await system.rows('drop function stubborn() cascade');
    assert.equal((await system.rows('select job_erasures()::int as done'))[0].done, 1);
    assert.equal(await erased(stubborn), true);
});

test('SAAS-08: erasure after the grace period clears every table, keeps usage sums and affects no other user', async ({
    system,
    ports,
    join,
    login,
    post,
}) => {
    const [account, bystander] = [await join('pro'), await join('pro')];
    const mark = `marked${crypto.randomUUID().replaceAll('-', '')}`;
    const api = call(ports[0], account.token);
    await api('PATCH', '/users/profile', { display_name: mark, metadata: { a: mark }, preferences: { b: mark } });
    const companion = (await api('POST', '/companions', { name: 'C', personality: mark })).json.data;
    await api('POST', '/conversation-templates', { name: 'T', system_prompt: mark, companion_id: companion.id });
    const conversation = (
        await api('POST', '/conversations', { title: mark, companion_id: companion.id, system_prompt: mark })
    ).json.data;
    await api('POST', '/api-keys', { name: mark });
    await api('PUT', '/users/consents', { kind: 'terms', granted: true, version: '1' });
    const sent = await api('POST', `/conversations/${conversation.id}/messages`, {
        content: `${mark} [[stub tokens=3]]`,
    });
    assert.equal(sent.status, 201, sent.text);
    const asked = await ask(ports[0], {
        method: 'POST',
        path: '/v1/chat/completions',
        token: account.token,
        json: {
            model: 'gpt-4o-mini',
            messages: [
                { role: 'system', content: mark },
                { role: 'user', content: `${mark} [[stub tokens=2]]` },
            ],
        },
    });
    assert.equal(asked.status, 200, asked.text);
    await api('DELETE', `/conversations/${conversation.id}/messages/${sent.json.data.id}`);
    const others = call(ports[0], bystander.token);
    const theirs = (await others('POST', '/chat/messages', { content: 'hers [[stub tokens=2]]' })).json.data;
    await system.rows(
        `insert into moderation_decisions (message_id, user_id, action, confidence, reason)
            values (gen_random_uuid(), $1, 'warn', 1, $2)`,
        [account.id, mark],
    );
    await system.rows(
        `insert into messages (id, conversation_id, user_id, role, content, status, created_at)
        select gen_random_uuid(), $2, $1, 'user', $3, 'accepted', now() - make_interval(secs => n)
        from generate_series(1, 12000) n`,
        [account.id, crypto.randomUUID(), mark],
    );
    await post('/auth/login', { email: account.email, password: 'wrong password' });
    await api('POST', '/users/export', {});
    const used = () =>
        system.rows(
            `select resource, sum(requests)::int as n, sum(tokens_out)::int as tokens_out from usage_daily
                where user_id = $1 group by 1 order by 1`,
            [account.id],
        );
    await eventually('both are counted', async () => {
        const rows = await used();
        return rows.length === 2 && rows.every((row) => row.n === 2);
    });
    const sums = await used();
    assert.ok((await placesOf(system, mark)).length > 8);
    assert.ok((await placesOf(system, account.email)).length >= 2);
    assert.equal((await api('DELETE', '/users/me', { password })).status, 200);
    await system.rows('select job_erasures()');
    rejected(await login(account), 403, 'ACCOUNT_DELETED');
    assert.ok((await placesOf(system, mark)).length > 8, 'not before the grace period ends');
    await closingMail(system, account.email);
    await endGracePeriod(system, account.id);
    rejected(await post('/auth/restore', { email: account.email, password }), 403, 'ACCOUNT_DELETED');
    const [{ done }] = await system.rows('select job_erasures()::int as done');
    assert.equal(done, 1);
    assert.deepEqual(await placesOf(system, mark), []);
    assert.deepEqual(await placesOf(system, account.email), []);
    for (const id of [conversation.id, companion.id]) assert.deepEqual(await placesOf(system, id), []);
    const left = await system.rows(`select distinct address from audit_log where user_id = $1`, [account.id]);
    assert.deepEqual(left, [{ address: null }]);
    assert.deepEqual(await used(), sums, 'usage sums remain');
    rejected(await login(account), 401, 'WRONG_CREDENTIALS');
    assert.equal((await others('GET', `/conversations/${theirs.conversation_id}/messages`)).json.data.length, 2);
    assert.equal(
        (await post('/auth/signup', { email: account.email, password, birth_date: birthDate })).status,
        201,
        'the address is available again',
    );
    const keys = (await system.redis(`KEYS *${account.id}*`)).split('\r\n').filter((line) => line.includes(account.id));
    for (const key of keys) assert.match(await system.redis(`TTL ${key}`), /^:(-2|[1-9]\d{0,5})$/, `${key} expires`);
    assert.equal((await system.rows('select job_erasures()::int as done'))[0].done, 0, 'once');
    await others('DELETE', '/users/me', { password });
    await system.rows("update users set status = 'active', erase_at = now() - interval '1 day' where id = $1", [
        bystander.id,
    ]);
    assert.equal(
        (await system.rows('select job_erasures()::int as done'))[0].done,
        0,
        'an account that an operator reactivated is not erased',
    );
});
