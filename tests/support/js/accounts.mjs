// Accounts and their tokens over two gateways that limit rates.

import assert from 'node:assert/strict';

import { ask, claimsOf, rejected, Wire } from './raw.mjs';
import { withSystem } from './scenario.mjs';

export const password = 'correct horse battery staple';
// Of an adult, for profiles that ask for it.
export const birthDate = '1990-02-28';

let last = 256;
// A loopback address that no request has used before: rates are counted by address.
export const address = () => `127.0.${++last >> 8}.${last & 255}`;

// Takes an account's address for proved, as if its user had followed the link in the mail.
export const prove = (system, email) =>
    system.rows('update users set email_verified_at = coalesce(email_verified_at, now()) where email = $1', [email]);
let networks = 0;
// Addresses of one network that no other test uses: failed attempts are counted by network.
export function network() {
    const own = ++networks;
    let host = 0;
    return () => `127.${64 + (own >> 8)}.${own & 255}.${++host}`;
}

function accountsOn({ system }) {
    const ports = ['gateway-1', 'gateway-2'].map((name) => system.program(name).port);
    const post = (path, json, more = {}) =>
        ask(more.port ?? ports[0], {
            method: 'POST',
            path: `/api/v1${path}`,
            json,
            from: address(),
            ...more,
        });
    const session = (token, port = ports[0]) => ask(port, { path: '/api/v1/auth/session', token });
    const login = (account, more) => post('/auth/login', { email: account.email, password }, more);
    return {
        system,
        ports,
        post,
        session,
        login,
        async join(plan, { proved = true } = {}) {
            const email = `${crypto.randomUUID()}@example.com`;
            const headers = { 'X-Token-Transport': 'bearer' };
            const fields = { email, password, birth_date: birthDate };
            const { status, json, text } = await post('/auth/signup', fields, { headers });
            assert.equal(status, 201, text);
            const { user, access_token: token, refresh_token: refresh } = json.data;
            if (plan) await system.rows('update users set plan = $2 where id = $1', [user.id, plan]);
            if (proved) await prove(system, email);
            return { id: user.id, email, token, refresh };
        },
        // The token of another session, in which the user signed in long ago. No gateway has cached it.
        async outdated(account) {
            const token = (await login(account)).json.data.access_token;
            await system.rows("update sessions set created_at = now() - interval '11 minutes' where id = $1", [
                claimsOf(token).sid,
            ]);
            return token;
        },
        // Asserts that every gateway rejects the token over HTTP and WebSocket.
        async rejectedEverywhere(token, code, status = 401) {
            for (const port of ports) {
                for (const path of ['/api/v1/auth/session', '/api/v1/conversations', '/v1/models']) {
                    const answer = await ask(port, { path, token });
                    rejected(answer, status, code);
                    assert.equal(answer.headers['www-authenticate'], status === 401 ? 'Bearer' : undefined);
                }
                rejected(await Wire.rejection(port, token), status, code);
                if (/^[\w.-]+$/.test(token))
                    rejected(
                        await Wire.rejection(port, null, { protocols: ['airi.v1', `bearer.${token}`] }),
                        status,
                        code,
                    );
            }
        },
    };
}

// Declares which system the file's tests need, with `options` as withSystem() takes them; returns a function that
// declares tests.
export function withAccounts(options = {}) {
    const scenario = withSystem(async () => {
        const more = typeof options === 'function' ? await options() : options;
        return { ...more, gatewayEnv: { ADDRESS: '0.0.0.0', ENABLE_RATE_LIMITING: 'true', ...more.gatewayEnv } };
    });
    return (name, act) => scenario(name, (stage) => act(accountsOn(stage)));
}

// The same on a system with this product's profile. Files that ask for the same product share its system.
export const withProduct = (profile) => withAccounts({ profile });
