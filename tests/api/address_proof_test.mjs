// An address and its proof: an account made with somebody else's address opens nothing once its owner proves it.

import assert from 'node:assert/strict';

import { generate } from 'otplib';

import { password, prove, withAccounts } from '../support/js/accounts.mjs';
import { tokenOf } from '../support/js/mail_links.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withAccounts();
const own = 'the words of its real owner';

const call = (port, token) => (method, path, json) => ask(port, { method, path: `/api/v1${path}`, token, json });
const unproved = ({ join }) => join('pro', { proved: false });
const unprove = (system, { id }) => system.rows('update users set email_verified_at = null where id = $1', [id]);
const provedBy = (system, { id }) =>
    system.rows(
        `select details ->> 'by' as by, details -> 'ended' as ended from audit_log
         where user_id = $1 and action = 'address.proved'`,
        [id],
    );

// An account with everything that opens one, as it could be made before addresses had to be proved.
async function hijacked({ system, ports, join, login }) {
    const account = await join('pro');
    const api = call(ports[0], account.token);
    const { key } = (await api('POST', '/api-keys', { name: 'x', scopes: ['read', 'chat', 'write'] })).json.data;
    const second = (await login(account)).json.data;
    const { secret } = (await api('POST', '/auth/2fa/setup', {})).json.data;
    assert.equal((await api('POST', '/auth/2fa/enable', { code: await generate({ secret }) })).status, 200);
    await system.rows(
        `insert into user_identities (user_id, provider, issuer, subject)
         values ($1::uuid, 'oidc', 'https://x', $1::text)`,
        [account.id],
    );
    await unprove(system, account);
    return { ...account, key, second: second.access_token, socket: await Wire.open(ports[1], key) };
}

async function assertOpensNothing({ system, ports, login, post, rejectedEverywhere }, account, by) {
    for (const port of ports) rejected(await call(port, account.key)('GET', '/conversations'), 401, 'INVALID_API_KEY');
    await eventually("the key's socket is closed", () => account.socket.code === 1008);
    for (const token of [account.token, account.second]) await rejectedEverywhere(token, 'SESSION_ENDED');
    rejected(await post('/auth/refresh', { refresh_token: account.refresh }), 401, 'INVALID_REFRESH_TOKEN');
    rejected(await login(account), 401, 'WRONG_CREDENTIALS');
    const mails = await eventually('a mail reports it', () => {
        const found = system.mail(account.email).filter(({ subject }) => /^Your address is confirmed/.test(subject));
        return found.length > 0 && found;
    });
    assert.deepEqual(mails[0].faults, []);
    assert.match(mails[0].text, /password,\s+sessions,\s+API\s+keys,\s+second\s+factor\s+and\s+linked\s+identities/);
    assert.match(mails[0].text, /confirmed for the first time/);
    assert.equal(mails.length, 1);
    const [left] = await system.rows(
        `select (select count(*)::int from two_factor where user_id = $1) as factors,
                (select count(*)::int from user_identities where user_id = $1) as identities`,
        [account.id],
    );
    assert.deepEqual(left, { factors: 0, identities: 0 });
    assert.deepEqual(await provedBy(system, account), [
        { by, ended: { password: true, sessions: 2, api_keys: 1, second_factors: 1, identities: 1 } },
    ]);
}

test('an account whose address is not proved gets no key, second factor, identity or contact', async (stage) => {
    const { system, ports, post } = stage;
    const account = await unproved(stage);
    const makers = [
        ['/api-keys', { name: 'x' }],
        [`/api-keys/${account.id}/rotate`, {}],
        ['/auth/2fa/setup', {}],
        ['/auth/2fa/enable', { code: '000000' }],
        ['/auth/oauth/oidc/link', {}],
        ['/auth/identities', { state: 'x', code: 'x', binding: 'x' }],
        ['/crisis/contacts', { name: 'x', email: 'x@example.com' }],
    ];
    for (const port of ports)
        for (const [path, json] of makers)
            rejected(await call(port, account.token)('POST', path, json), 403, 'EMAIL_NOT_VERIFIED', /verify/);
    assert.equal((await call(ports[0], account.token)('GET', '/auth/session')).json.data.user.email_verified, false);
    const token = await tokenOf(system, account.email, 'verify_email');
    assert.equal((await post('/auth/verify-email', { token }, { token: account.token })).status, 200);
    for (const port of ports)
        assert.equal((await call(port, account.token)('POST', '/api-keys', { name: 'x' })).status, 201, 'at once');
});

test('an account whose address is not proved has one session at a time', async (stage) => {
    const { system, ports, login, session, rejectedEverywhere } = stage;
    const account = await unproved(stage);
    const socket = await Wire.open(ports[1], account.token);
    const second = (await login(account)).json.data.access_token;
    await eventually('its socket is closed', () => socket.code === 1008);
    await rejectedEverywhere(account.token, 'SESSION_ENDED');
    const [{ why }] = await system.rows(
        'select ended_why as why from sessions where user_id = $1 and ended_at is not null',
        [account.id],
    );
    assert.equal(why, 'unproved');
    await prove(system, account.email);
    assert.equal((await login(account)).status, 200);
    assert.equal((await session(second)).status, 200);
});

test('a verification link followed in the session that signed up keeps everything', async (stage) => {
    const { system, ports, post, login, session } = stage;
    const [account, other] = [await unproved(stage), await stage.join()];
    const token = await tokenOf(system, account.email, 'verify_email');
    const follow = (more) => post('/auth/verify-email', { token }, more);
    rejected(await follow({}), 403, 'PASSWORD_NEEDED', /password/);
    rejected(await follow({ token: other.token }), 403, 'PASSWORD_NEEDED');
    const { key } = (await call(ports[0], other.token)('POST', '/api-keys', { name: 'x' })).json.data;
    rejected(await follow({ token: key }), 403, 'PASSWORD_NEEDED');
    assert.equal((await follow({ token: account.token })).status, 200);
    assert.equal((await session(account.token)).json.data.user.email_verified, true);
    assert.equal((await login(account)).status, 200);
    assert.deepEqual(await provedBy(system, account), [{ by: 'verify_email', ended: {} }]);
    rejected(await follow({ token: account.token }), 400, 'LINK_INVALID');
});

test('a verification link followed elsewhere takes the password, and a wrong one counts', async (stage) => {
    const { system, post, session } = stage;
    const account = await unproved(stage);
    const token = await tokenOf(system, account.email, 'verify_email');
    const follow = (word) => post('/auth/verify-email', { token, password: word });
    rejected(await follow('not the password'), 401, 'WRONG_CREDENTIALS');
    const [tried] = await system.rows("select outcome from login_history where user_id = $1 and outcome <> 'success'", [
        account.id,
    ]);
    assert.equal(tried.outcome, 'wrong_password');
    rejected(await post('/auth/verify-email', { token: 'x', password }), 400, 'LINK_INVALID');
    assert.equal((await follow(password)).status, 200);
    assert.equal((await session(account.token)).status, 200);
    rejected(await follow(password), 400, 'LINK_INVALID');
});

test('a verification link followed with a new password ends everything older', async (stage) => {
    const { system, post } = stage;
    const account = await hijacked(stage);
    const token = await tokenOf(system, account.email, 'verify_email');
    const follow = (new_password, more) => post('/auth/verify-email', { token, new_password, ...more });
    rejected(await follow('short'), 422, 'VALIDATION_FAILED', /new_password/);
    assert.equal((await follow(own)).status, 200);
    await assertOpensNothing(stage, account, 'verify_email');
    assert.equal((await post('/auth/login', { email: account.email, password: own })).status, 200);
    const [{ hash }] = await system.rows(
        `update email_links set used_at = null where user_id = $1 and kind = 'verify_email' returning hash`,
        [account.id],
    );
    assert.ok(hash);
    rejected(await follow('yet another long password'), 400, 'LINK_INVALID');
    assert.equal((await post('/auth/verify-email', { token })).status, 200, 'without effect where all is proved');
    assert.equal((await post('/auth/login', { email: account.email, password: own })).status, 200);
});

test("a stranger's key, sessions and second factor end with the owner's password reset", async (stage) => {
    const { system, post } = stage;
    const account = await hijacked(stage);
    await post('/auth/forgot-password', { email: account.email });
    const token = await tokenOf(system, account.email, 'reset_password');
    const reset = await post('/auth/reset-password', { token, new_password: own });
    assert.deepEqual(reset.json.data, { changed: true, sessions_ended: 2, api_keys_ended: 1 });
    await assertOpensNothing(stage, account, 'reset_password');
    const others = system.mail(account.email).filter(({ subject }) => subject === 'Your password was changed');
    assert.deepEqual(others, [], 'one mail says all of it');
    assert.equal((await post('/auth/login', { email: account.email, password: own })).status, 200);
});

test("a stranger's credentials end with the owner's sign-in link, which asks for no code of theirs", async (stage) => {
    const { system, ports, post } = stage;
    const account = await hijacked(stage);
    const { binding } = (await post('/auth/magic-link', { email: account.email })).json.data;
    const token = await tokenOf(system, account.email, 'magic_link');
    const owner = await post('/auth/magic-link/login', { token, binding });
    assert.equal(owner.status, 200, owner.text);
    await assertOpensNothing(stage, account, 'magic_link');
    const activity = await call(ports[0], owner.json.data.access_token)('GET', '/users/activity?limit=50');
    assert.ok(activity.json.data.some(({ action }) => action === 'address.proved'));
});

test('links on a proved account end what they ended before, and no more', async (stage) => {
    const { system, ports, join, post, login } = stage;
    const account = await join('pro');
    const { key } = (await call(ports[0], account.token)('POST', '/api-keys', { name: 'x' })).json.data;
    const { binding } = (await post('/auth/magic-link', { email: account.email })).json.data;
    const link = await tokenOf(system, account.email, 'magic_link');
    assert.equal((await post('/auth/magic-link/login', { token: link, binding })).status, 200);
    assert.equal((await login(account)).status, 200);
    await post('/auth/forgot-password', { email: account.email });
    const reset = await tokenOf(system, account.email, 'reset_password');
    assert.equal(
        (await post('/auth/reset-password', { token: reset, new_password: own, end_api_keys: false })).status,
        200,
    );
    assert.equal((await call(ports[0], key)('GET', '/conversations')).status, 200);
    assert.deepEqual(await provedBy(system, account), []);
    await eventually('a mail reports the new password', () =>
        system.mail(account.email).some(({ subject }) => subject === 'Your password was changed'),
    );
    assert.ok(!system.mail(account.email).some(({ subject }) => /^Your address is confirmed/.test(subject)));
});

test("a parent's consent does not prove the child's address", async ({ system, ports, post }) => {
    const parent = `${crypto.randomUUID()}@example.com`;
    const child = `${crypto.randomUUID()}@example.com`;
    const day = `${new Date().getUTCFullYear() - 10}-01-01`;
    const fields = { email: child, password, birth_date: day, parent_email: parent };
    const { access_token: token } = (await post('/auth/signup', fields)).json.data;
    const consent = await tokenOf(system, parent, 'parental_consent');
    assert.equal((await post('/auth/parental-consent', { token: consent, agree: true })).status, 200);
    await eventually('the account is open', async () => {
        const { status, json } = await call(ports[0], token)('POST', '/api-keys', { name: 'x' });
        return status === 403 && json.error.code === 'EMAIL_NOT_VERIFIED';
    });
});

test('of concurrent first proofs one ends what is older', async (stage) => {
    const { system, ports, post } = stage;
    const account = await hijacked(stage);
    const verification = await tokenOf(system, account.email, 'verify_email');
    await post('/auth/forgot-password', { email: account.email });
    const { binding } = (await post('/auth/magic-link', { email: account.email })).json.data;
    const reset = await tokenOf(system, account.email, 'reset_password');
    const magic = await tokenOf(system, account.email, 'magic_link');
    const answers = await Promise.all([
        post('/auth/verify-email', { token: verification, new_password: own }, { port: ports[0] }),
        post('/auth/verify-email', { token: verification, new_password: own }, { port: ports[1] }),
        post('/auth/reset-password', { token: reset, new_password: own }, { port: ports[1] }),
        post('/auth/magic-link/login', { token: magic, binding }, { port: ports[0] }),
    ]);
    for (const { status, json, text } of answers) assert.ok(status === 200 || json.error.code === 'LINK_INVALID', text);
    const proofs = await provedBy(system, account);
    assert.equal(proofs.length, 1);
    await assertOpensNothing(stage, account, proofs[0].by);
});

// Runs `request` until it waits for the account's row, which `change` changes meanwhile; its answer.
async function overtaken(system, account, change, request) {
    const client = await system.database.connect();
    try {
        await client.query('begin');
        await client.query('select from users where id = $1 for update', [account.id]);
        const [{ pid }] = (await client.query('select pg_backend_pid() as pid')).rows;
        const answer = request();
        await eventually(
            'the request waits',
            async () =>
                (await system.rows('select from pg_stat_activity where $1 = any (pg_blocking_pids(pid))', [pid]))[0],
        );
        await client.query(change, [account.id]);
        await client.query('commit');
        return await answer;
    } finally {
        client.release();
    }
}

const proof = `select first_proof(u, 'test', false, null, 'https://x') from users u where id = $1`;

test('a login or a password change under way is not faster than the first proof', async (stage) => {
    const { system, ports, login } = stage;
    const account = await unproved(stage);
    rejected(await overtaken(system, account, proof, () => login(account)), 401, 'WRONG_CREDENTIALS');
    const other = await unproved(stage);
    const change = () =>
        call(ports[0], other.token)('POST', '/auth/change-password', { current_password: password, new_password: own });
    rejected(await overtaken(system, other, proof, change), 403, 'WRONG_PASSWORD');
    const [{ n }] = await system.rows(
        'select count(*)::int as n from sessions where user_id = any ($1) and ended_at is null',
        [[account.id, other.id]],
    );
    assert.equal(n, 0);
    const kept = await system.rows('select password_hash from users where id = any ($1)', [[account.id, other.id]]);
    assert.deepEqual(kept, [{ password_hash: null }, { password_hash: null }]);
});

test('a refresh under way ends with the first proof, whichever comes first', async (stage) => {
    const { system, ports, post } = stage;
    const account = await unproved(stage);
    const client = await system.database.connect();
    await client.query('begin');
    await client.query(proof, [account.id]);
    const [{ pid }] = (await client.query('select pg_backend_pid() as pid')).rows;
    const answer = post('/auth/refresh', { refresh_token: account.refresh });
    await eventually(
        'the refresh waits',
        async () =>
            (await system.rows('select from pg_stat_activity where $1 = any (pg_blocking_pids(pid))', [pid]))[0],
    );
    await client.query('commit');
    client.release();
    rejected(await answer, 401, 'INVALID_REFRESH_TOKEN');
    const earlier = await unproved(stage);
    const { access_token: fresh } = (await post('/auth/refresh', { refresh_token: earlier.refresh })).json.data;
    await system.rows(proof, [earlier.id]);
    await eventually('its session has ended', async () => {
        const { status } = await call(ports[0], fresh)('GET', '/auth/session');
        return status === 401;
    });
});

test('the statement that makes a credential sees the proof itself', async (stage) => {
    const { system, ports, join } = stage;
    const change = 'update users set email_verified_at = null where id = $1';
    const account = await join('pro');
    const api = call(ports[0], account.token);
    const { secret } = (await api('POST', '/auth/2fa/setup', {})).json.data;
    const code = await generate({ secret });
    for (const [path, json] of [
        ['/api-keys', { name: 'x' }],
        [`/api-keys/${(await api('POST', '/api-keys', { name: 'x' })).json.data.id}/rotate`, {}],
        ['/auth/2fa/enable', { code }],
    ]) {
        await prove(system, account.email);
        assert.equal((await api('POST', '/auth/2fa/enable', { code: '000000' })).status, 422, 'the account is cached');
        rejected(await overtaken(system, account, change, () => api('POST', path, json)), 403, 'EMAIL_NOT_VERIFIED');
    }
    const [{ n }] = await system.rows('select count(*)::int as n from api_keys where user_id = $1', [account.id]);
    assert.equal(n, 1);
});

test('every function that stores a credential asks for the proof', async ({ system }) => {
    const stored = await system.rows(
        `select proname from pg_proc
         where pronamespace = 'airi'::regnamespace
           and prosrc ~ 'insert into (api_keys|two_factor|user_identities)\\M'
           and prosrc !~ 'unless_proved\\(\\)|email_verified_at is null then ''unproved'''
         order by proname`,
    );
    assert.deepEqual(stored, []);
    // A new table with a secret of a user belongs here, and above where it lets somebody in.
    const secrets = await system.rows(
        `select distinct relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
         join tables_of_users() t on t.name = relname
         where relnamespace = 'airi'::regnamespace and relkind in ('r', 'p') and not relispartition
           and attname ~ '(^|_)(hash|secret|token)$'
         order by relname`,
    );
    assert.deepEqual(
        secrets.map(({ relname }) => relname),
        [
            'api_keys',
            'contact_messages',
            'email_links',
            'identity_flows',
            'known_devices',
            'refresh_tokens',
            'trusted_contacts',
            'two_factor',
            'violations',
        ],
    );
});
