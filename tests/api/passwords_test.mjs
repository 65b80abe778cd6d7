// Passwords over two gateways: which are accepted, how wrong ones are counted, and what ends with an old one.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { birthDate, network, password, prove, withAccounts } from '../support/js/accounts.mjs';
import { tokenOf } from '../support/js/mail_links.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withAccounts();
const newPassword = 'a new long password';
const origin = { Origin: 'http://localhost:3000' };

// An account that was made in a network of its own, and the ways to sign in to it.
async function owner({ system, post, ports }, headers = {}, more = {}) {
    const from = network();
    const email = `${crypto.randomUUID()}@example.com`;
    const fields = { email, password, birth_date: birthDate, ...more };
    const made = await post('/auth/signup', fields, { from: from(), headers });
    assert.equal(made.status, 201, made.text);
    const { user, access_token: token } = made.json.data;
    await system.rows("update users set plan = 'pro' where id = $1", [user.id]);
    await prove(system, email);
    const login = (options = {}, word = password) =>
        post('/auth/login', { email, password: word }, { from: from(), ...options });
    const api = (method, path, json) => ask(ports[0], { method, path: `/api/v1${path}`, token, json, from: from() });
    return { id: user.id, email, token, made, login, api };
}

const wrong = (login, from, count = 1) =>
    Array.from({ length: count }).reduce(
        (before) => before.then(() => login({ from: from() }, 'wrong password')),
        Promise.resolve(),
    );

test('no door accepts a common password, or one made of the address, the name or the product', async (stage) => {
    const { system, post } = stage;
    const { email, api } = await owner(stage, {}, { display_name: 'Robin Hood' });
    const local = email.split('@')[0];
    await post('/auth/forgot-password', { email });
    const token = await tokenOf(system, email, 'reset_password');
    const doors = {
        '/password': (word) => post('/auth/signup', { email: `x${email}`, password: word, display_name: 'Robin Hood' }),
        '/new_password': (word) =>
            api('POST', '/auth/change-password', { current_password: password, new_password: word }),
    };
    const reset = (word) => post('/auth/reset-password', { token, new_password: word });
    const refused = async (answer, pointer, reason) => {
        rejected(answer, 422, 'VALIDATION_FAILED', reason);
        assert.equal(answer.json.error.details[0].pointer, pointer);
    };
    for (const [pointer, set] of [...Object.entries(doors), ['/new_password', reset]]) {
        await refused(await set('Password'), pointer, /most common/);
        await refused(await set('robin hood 2026'), pointer, /made of/);
        await refused(await set('airi-airi'), pointer, /made of/);
    }
    await refused(await reset(email), '/new_password', /made of/);
    await refused(await reset(`${local}!`), '/new_password', /made of/);
    await refused(await reset('tab\tin a password'), '/new_password', /control/);
    await refused(await reset('é'.repeat(129)), '/new_password', /128/);
    assert.equal((await reset('é'.repeat(128))).status, 200, 'the link is still valid');
});

test('a password is the same however a keyboard composes it', async ({ post }) => {
    const fields = { email: `${crypto.randomUUID()}@example.com`, birth_date: birthDate };
    assert.equal((await post('/auth/signup', { ...fields, password: 'gru\u0308n und blau' })).status, 201);
    const { email } = fields;
    assert.equal((await post('/auth/login', { email, password: 'gr\u00fcn und\u00a0blau' })).status, 200);
    rejected(await post('/auth/login', { email, password: 'grun und blau' }), 401, 'WRONG_CREDENTIALS');
});

test("a stranger's wrong passwords lock neither the owner's network nor their browser out", async (stage) => {
    const { login } = await owner(stage, origin);
    const cookie = (await login({ headers: origin })).headers['set-cookie'][0].split(';')[0];
    assert.equal((await login()).status, 200);
    const stranger = network();
    rejected(await wrong(login, stranger, 6), 401, 'WRONG_CREDENTIALS');
    rejected(await login({ from: stranger() }), 429, 'ACCOUNT_LOCKED');
    assert.equal((await login()).status, 200, 'from the network of the last sign-in');
    const elsewhere = network();
    assert.equal((await login({ from: stranger(), headers: { Cookie: cookie } })).status, 200, 'in the same browser');
    assert.equal((await login({ from: elsewhere() })).status, 200, 'and strangers elsewhere are not locked yet');
    // A known device is locked by its own failures.
    for (let i = 0; i < 6; ++i)
        rejected(await login({ headers: { Cookie: cookie } }, 'wrong password'), 401, 'WRONG_CREDENTIALS');
    rejected(await login({ headers: { Cookie: cookie } }), 429, 'ACCOUNT_LOCKED');
    assert.equal((await login()).status, 200);
});

test('a cookie makes a browser known at its next sign-in, and only to the account', async (stage) => {
    const { made, login, id } = await owner(stage, origin);
    const [cookie] = made.headers['set-cookie'];
    assert.match(cookie, /^airi_device=[\w-]{40,}; Path=\/; Max-Age=34560000; SameSite=Lax; HttpOnly$/);
    assert.equal((await login()).headers['set-cookie'], undefined, 'a client that is no browser gets none');
    const again = await login({ headers: { ...origin, Cookie: cookie.split(';')[0] } });
    assert.equal(again.headers['set-cookie'][0], cookie, 'it stays the same');
    const stored = await stage.system.rows('select * from known_devices where user_id = $1', [id]);
    assert.equal(stored.length, 1);
    assert.ok(!JSON.stringify(stored).includes(cookie.slice(12, 40)));
});

test('the wait grows to a quarter of an hour, alike for addresses without an account', async (stage) => {
    const { system, post } = stage;
    const account = await owner(stage);
    for (const email of [account.email, `${crypto.randomUUID()}@example.com`]) {
        const from = network();
        const login = (more) => post('/auth/login', { email, password: 'wrong password' }, { from: from(), ...more });
        for (let i = 0; i < 6; ++i) rejected(await login(), 401, 'WRONG_CREDENTIALS');
        const passed = () =>
            system.rows('update login_failures set locked_until = now() where email_key = $1', [email]);
        for (const seconds of [60, 120, 240, 480, 900, 900]) {
            const locked = await login();
            rejected(locked, 429, 'ACCOUNT_LOCKED');
            const wait = Number(locked.headers['retry-after']);
            assert.ok(wait > seconds - 10 && wait <= seconds, `${wait} of ${seconds} s`);
            await passed();
            rejected(await login(), 401, 'WRONG_CREDENTIALS');
        }
    }
});

test('guesses from everywhere together are slowed down for strangers, not for the owner', async (stage) => {
    const { system } = stage;
    const { email, login } = await owner(stage);
    await wrong(login, network());
    await system.rows("update login_failures set failures = 100 where email_key = $1 and source = '*'", [email]);
    rejected(await wrong(login, network()), 401, 'WRONG_CREDENTIALS');
    const elsewhere = network();
    rejected(await login({ from: elsewhere() }), 429, 'ACCOUNT_LOCKED');
    const [{ failures }] = await system.rows(
        "select max(failures)::int as failures from login_failures where email_key = $1 and source like 'network %'",
        [email],
    );
    assert.equal(failures, 1, 'a refused attempt is not counted');
    assert.equal((await login()).status, 200);
});

test('simultaneous guesses are counted before they are tried', async (stage) => {
    const { login } = await owner(stage);
    const stranger = network();
    const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => login({ from: stranger(), port: stage.ports[i % 2] }, 'wrong password')),
    );
    const tried = answers.filter((one) => one.status === 401).length;
    assert.ok(tried <= 6, `${tried} were tried`);
});

test('AIRI-08: every check of a password counts, also those of a signed-in user', async (stage) => {
    const account = await owner(stage);
    const { post, ports } = stage;
    // With a stolen session, from a network of the thief's.
    const thief = network();
    const api = (method, path, json) =>
        ask(ports[1], { method, path: `/api/v1${path}`, token: account.token, json, from: thief() });
    const checks = [
        (word) => api('POST', '/auth/change-password', { current_password: word, new_password: newPassword }),
        (word) => api('POST', '/auth/reauthenticate', { password: word }),
        (word) => api('DELETE', '/users/me', { password: word }),
        (word) => api('DELETE', `/users/${account.id}`, { password: word }),
    ];
    for (let i = 0; i < 6; ++i) rejected(await checks[i % 4](`guess ${i}`), 403, 'WRONG_PASSWORD');
    for (const check of checks) rejected(await check(password), 429, 'ACCOUNT_LOCKED');
    for (const path of ['/auth/login', '/auth/restore'])
        rejected(await post(path, { email: account.email, password }, { from: thief() }), 429, 'ACCOUNT_LOCKED');
    const proved = await account.api('POST', '/auth/reauthenticate', { password });
    assert.equal(proved.status, 200, 'the owner is not locked out');
    const history = (await account.api('GET', '/auth/login-history?limit=20')).json.data.map((one) => one.outcome);
    assert.deepEqual(history, [
        'confirmed',
        ...Array.from({ length: 6 }, () => 'locked'),
        ...Array.from({ length: 6 }, () => 'wrong_password'),
        'success',
    ]);
});

test('AIRI-08 SAAS-10: checks by a signed-in user count against their address too', async (stage) => {
    const { ports } = stage;
    const from = network()();
    const answers = [];
    for (let i = 0; i < 3; ++i) {
        const { token } = await owner(stage);
        for (let k = 0; k < 4; ++k)
            answers.push(
                await ask(ports[0], {
                    method: 'POST',
                    path: '/api/v1/auth/reauthenticate',
                    token,
                    json: { password: 'wrong password' },
                    from,
                }),
            );
    }
    for (const answer of answers.slice(0, 10)) rejected(answer, 403, 'WRONG_PASSWORD');
    for (const answer of answers.slice(10)) rejected(answer, 429, 'RATE_LIMITED');
});

test('a new password ends the API keys, unless the user keeps them', async (stage) => {
    const { system, ports, post } = stage;
    const { email, api } = await owner(stage);
    const makeKey = async () => (await api('POST', '/api-keys', { name: 'k', scopes: ['read'] })).json.data.key;
    const works = async (key) => {
        const seen = await Promise.all(
            ports.map((port) => ask(port, { path: '/api/v1/users/profile', token: key, from: network()() })),
        );
        return seen.map((one) => one.status);
    };
    const change = (current_password, new_password, more) =>
        api('POST', '/auth/change-password', { current_password, new_password, ...more });
    const kept = await makeKey();
    const keeping = await change(password, newPassword, { end_api_keys: false });
    assert.deepEqual(keeping.json.data, { changed: true, sessions_ended: 0, api_keys_ended: 0 });
    assert.deepEqual(await works(kept), [200, 200]);
    assert.equal((await change(newPassword, password)).json.data.api_keys_ended, 1);
    await eventually('the key has ended', async () => (await works(kept)).every((status) => status === 401));
    let resets = 0;
    const reset = async (more) => {
        await post('/auth/forgot-password', { email });
        const token = await tokenOf(system, email, 'reset_password', ++resets);
        return (await post('/auth/reset-password', { token, new_password: newPassword, ...more })).json.data;
    };
    const second = await makeKey();
    assert.equal((await reset({ end_api_keys: false })).api_keys_ended, 0);
    assert.deepEqual(await works(second), [200, 200]);
    assert.equal((await reset({})).api_keys_ended, 1);
    await eventually('the key has ended', async () => (await works(second)).every((status) => status === 401));
});
