// Accounts without the right to act, rejected on every path, and mails that notify users of changes to their account.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { password, withAccounts } from '../support/js/accounts.mjs';
import { tokenOf } from '../support/js/mail_links.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts();
const call = (port, token) => (method, path, json) => ask(port, { method, path: `/api/v1${path}`, token, json });

// Every kind of credential a user can hold.
async function everything({ system, ports, post, join }) {
    const account = await join('plus');
    const { key } = (
        await call(ports[0], account.token)('POST', '/api-keys', { name: 'x', scopes: ['chat', 'read', 'write'] })
    ).json.data;
    const cookie = await post(
        '/auth/login',
        { email: account.email, password },
        { headers: { 'X-Token-Transport': 'cookie' } },
    );
    const { binding } = (await post('/auth/magic-link', { email: account.email })).json.data;
    await post('/auth/forgot-password', { email: account.email });
    const [magic, reset] = await Promise.all(
        ['magic_link', 'reset_password'].map((kind) => tokenOf(system, account.email, kind)),
    );
    const Cookie = cookie.headers['set-cookie'].map((one) => one.split(';')[0]).join('; ');
    const socket = await Wire.open(ports[0], account.token);
    const ways = {
        bearer: () => ask(ports[1], { path: '/api/v1/auth/session', token: account.token }),
        openai: () => ask(ports[0], { path: '/v1/models', token: account.token }),
        cookie: () => ask(ports[1], { path: '/api/v1/auth/session', headers: { Cookie } }),
        key: () => ask(ports[0], { path: '/api/v1/conversations', token: key }),
        login: () => post('/auth/login', { email: account.email, password }),
        refresh: () => post('/auth/refresh', { refresh_token: account.refresh }),
        magic: () => post('/auth/magic-link/login', { token: magic, binding }),
        reset: () => post('/auth/reset-password', { token: reset, new_password: 'a new long password' }),
        socket: () => Wire.rejection(ports[1], account.token),
        'socket by key': () => Wire.rejection(ports[0], key),
    };
    return { who: account, ways, socket };
}

// Each thread of a gateway caches an account for two seconds; sign-ins read the database.
const remembered = ['bearer', 'openai', 'cookie', 'key', 'socket', 'socket by key'];
const answered = (way, ask, status) =>
    remembered.includes(way)
        ? eventually(
              `${way}: ${status}`,
              async () => {
                  const answer = await ask();
                  return answer.status === status && answer;
              },
              { within: 5_000, every: 100 },
          )
        : ask();

test('AIRI-09: a suspended, banned or deleted account is rejected with its status on every path', async (stage) => {
    const until = new Date(Date.now() + 3_600_000).toISOString().replace('Z', '+00:00');
    for (const [change, code, details] of [
        [
            `status = 'suspended', status_until = '${until}', status_reason = 'spam'`,
            'ACCOUNT_SUSPENDED',
            (d) => d.reason === 'spam' && Date.parse(d.until) === Date.parse(until),
        ],
        [
            "status = 'suspended', status_reason = 'for good'",
            'ACCOUNT_SUSPENDED',
            (d) => d.reason === 'for good' && d.until === null,
        ],
        ["status = 'banned', status_reason = 'fraud'", 'ACCOUNT_BANNED', (d) => d.reason === 'fraud'],
        ["status = 'deleted'", 'ACCOUNT_DELETED', () => true],
    ]) {
        const { who: account, ways, socket } = await everything(stage);
        await stage.system.rows(`update users set ${change} where id = $1`, [account.id]);
        for (const [way, ask] of Object.entries(ways)) {
            const answer = await answered(way, ask, 403);
            assert.deepEqual([way, answer.status, answer.json.error.code], [way, 403, code]);
            if (way !== 'openai') assert.ok(details(answer.json.error.details), `${way}: ${answer.text}`);
        }
        await eventually(
            'its socket closes with the next frame',
            () => socket.code === 1008 || void socket.send('ping', {}),
            { every: 100 },
        );
        rejected(
            await stage.post('/auth/login', { email: account.email, password: 'wrong password' }),
            401,
            'WRONG_CREDENTIALS',
        );
        if (code !== 'ACCOUNT_SUSPENDED') continue;
        // The suspension expires by itself.
        await stage.system.rows("update users set status_until = now() - interval '1 second' where id = $1", [
            account.id,
        ]);
        for (const way of ['bearer', 'openai', 'cookie', 'key', 'refresh', 'login', 'magic', 'reset'])
            assert.equal((await answered(way, ways[way], 200)).status, 200, way);
    }
});

test('a sign-in from a new device or network sends a mail, any other sends none', async ({ system, post, join }) => {
    const account = await join();
    const enter = (agent, from) =>
        post('/auth/login', { email: account.email, password }, { headers: { 'User-Agent': agent }, from });
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
    const notices = () => system.mail(account.email).filter((mail) => mail.subject === 'A new sign-in to your account');
    const after = async (count) => eventually(`${count} mails`, () => notices().length >= count && notices());
    assert.equal((await enter(firefox, '127.9.1.1')).status, 200);
    const [first] = await after(1);
    assert.match(first.text, /Device: Firefox on Linux/);
    assert.match(first.text, /Address: 127\.9\.1\.1/);
    assert.deepEqual(first.faults, []);
    await enter(firefox.replaceAll('128', '129'), '127.9.1.77'); // a newer version, a neighbour's address
    await enter(firefox, '127.9.2.1');
    await after(2);
    await enter(firefox.replace('X11; Linux x86_64', 'Windows NT 10.0'), '127.9.2.1');
    await after(3);
    await post('/auth/login', { email: account.email, password: 'wrong password' }, { from: '127.9.3.1' });
    await enter('', '127.9.2.1');
    const all = await after(4);
    assert.deepEqual(
        all.map((mail) => /Device: (.*)/.exec(mail.text)[1]),
        ['Firefox on Linux', 'Firefox on Linux', 'Firefox on Windows', 'unknown'],
    );
    const [{ n }] = await system.rows('select count(*)::int as n from sessions where user_id = $1 and new_device', [
        account.id,
    ]);
    assert.equal(n, 5, 'a signup sends no notice of a new device');
});

test("a changed and a reset password each send a mail in the user's language", async ({
    system,
    ports,
    post,
    join,
}) => {
    const account = await join();
    await call(ports[0], account.token)('PATCH', '/users/profile', { locale: 'de' });
    await call(ports[0], account.token)('POST', '/auth/change-password', {
        current_password: password,
        new_password: 'a new long password',
    });
    const notices = () => system.mail(account.email).filter((mail) => mail.subject === 'Dein Passwort wurde geändert');
    await eventually('a mail', () => notices().length === 1);
    await post('/auth/forgot-password', { email: account.email });
    const token = await tokenOf(system, account.email, 'reset_password');
    assert.equal((await post('/auth/reset-password', { token, new_password: 'another long password' })).status, 200);
    const mails = await eventually('another mail', () => notices().length === 2 && notices());
    for (const { text } of mails) assert.ok(!/a new long|another long/.test(text));
});
