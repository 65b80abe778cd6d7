// A wrong code of a second factor is in the login history once, whatever it was to open.

import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';

import { generate } from 'otplib';

import { password } from '../support/js/accounts.mjs';
import { withIdentities } from '../support/js/identities.mjs';
import { tokenOf } from '../support/js/mail_links.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withIdentities();
const wrong = '000000';

const wrongCodesOf = (system, { id }) =>
    system.rows(
        `select host(address) like '127.%' as placed from login_history
         where user_id = $1 and outcome = 'wrong_code'`,
        [id],
    );

const signedIn =
    (method, path, json) =>
    ({ account, ports }) =>
        ask(ports[1], { method, path: `/api/v1${path}`, token: account.token, json });

// Each operation that takes a code, with a function that sends a wrong one to it.
const ways = {
    'POST /auth/login': ({ account, post }) => post('/auth/login', { email: account.email, password, code: wrong }),
    'POST /auth/restore': ({ account, post }) => post('/auth/restore', { email: account.email, password, code: wrong }),
    'POST /auth/magic-link/login': async ({ system, account, post }) => {
        const { binding } = (await post('/auth/magic-link', { email: account.email })).json.data;
        const token = await tokenOf(system, account.email, 'magic_link');
        return post('/auth/magic-link/login', { token, binding, code: wrong });
    },
    'POST /auth/oauth/callback': async ({ subject, confirmed, callback }) =>
        callback({ ...(await confirmed(subject)), second_factor: wrong }),
    'POST /auth/oauth/{provider}/id-token': async ({ subject, tokenFor, post }) => {
        const nonce = randomBytes(16).toString('hex');
        const id_token = await tokenFor(subject, createHash('sha256').update(nonce).digest('hex'));
        return post('/auth/oauth/oidc/id-token', { id_token, nonce, second_factor: wrong });
    },
    'POST /auth/reauthenticate': signedIn('POST', '/auth/reauthenticate', { code: wrong }),
    'POST /auth/2fa/disable': signedIn('POST', '/auth/2fa/disable', { code: wrong }),
    'DELETE /users/me': signedIn('DELETE', '/users/me', { code: wrong }),
    'DELETE /users/{id}': ({ account, ...stage }) =>
        signedIn('DELETE', `/users/${account.id}`, { code: wrong })({ account, ...stage }),
};

// A user with an identity and a second factor.
async function withFactor({ system, join, ports, openid, confirmed, callback }) {
    const email = `${randomUUID()}@example.com`;
    const subject = openid.person(email);
    const made = await callback(await confirmed(subject));
    assert.equal(made.status, 200, made.text);
    const account = { id: made.json.data.user.id, email, token: made.json.data.access_token, subject };
    await system.rows(
        'update users set password_hash = (select password_hash from users where email = $2) where id = $1',
        [account.id, (await join()).email],
    );
    const api = (path, json) => ask(ports[0], { method: 'POST', path: `/api/v1${path}`, token: account.token, json });
    const { secret } = (await api('/auth/2fa/setup', {})).json.data;
    rejected(await api('/auth/2fa/enable', { code: wrong }), 422, 'WRONG_CODE');
    assert.deepEqual(await wrongCodesOf(system, account), [], 'one of an app that is set up opens nothing');
    assert.equal((await api('/auth/2fa/enable', { code: await generate({ secret }) })).status, 200);
    return account;
}

for (const [way, send] of Object.entries(ways))
    test(`AIRI-08: a wrong code at ${way} is in the login history once`, async (stage) => {
        const account = await withFactor(stage);
        const answer = await send({ ...stage, account, subject: account.subject });
        assert.equal(answer.json.error?.code, 'WRONG_CODE', answer.text);
        assert.deepEqual(await wrongCodesOf(stage.system, account), [{ placed: true }]);
    });

test('every operation that takes a code of a second factor is one of those', async ({ ports }) => {
    const { json: document } = await ask(ports[0], { path: '/openapi.json' });
    const takesCode = ({ requestBody }) => {
        const body = requestBody?.content?.['application/json']?.schema;
        const schema = body?.$ref ? document.components.schemas[body.$ref.split('/').pop()] : body;
        return Object.values(schema?.properties ?? {}).some(({ $ref }) => $ref?.endsWith('/FactorCode'));
    };
    const found = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods)
            .filter(([, operation]) => takesCode(operation))
            .map(([method]) => `${method.toUpperCase()} ${path.replace(/^\/api\/v1/, '')}`),
    );
    assert.deepEqual(found.sort(), [...Object.keys(ways), 'POST /auth/2fa/enable'].sort());
});
