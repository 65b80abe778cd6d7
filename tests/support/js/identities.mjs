// Shared by the tests of sign-in with identity providers: a system with the oauth worker and its configured providers.

import assert from 'node:assert/strict';

import { Issuer, generators } from 'openid-client';

import { OpenIdProvider, ScriptedProvider, keyPair } from './identity_providers.mjs';
import { withAccounts } from './accounts.mjs';
import { ask } from './raw.mjs';

export const redirect = 'http://airi.example/';
export const api = 'http://api.airi.example';

// Started once in a process, and used by all of its files.
let started;

async function startProviders() {
    const [openid, google, discord, apple] = await Promise.all([
        OpenIdProvider.start({ redirect }),
        ScriptedProvider.start(),
        ScriptedProvider.start(),
        ScriptedProvider.start(),
    ]);
    return { openid, google, discord, apple, appleKey: keyPair('APPLEKEY1', 'ES256') };
}

function optionsOf({ openid, google, discord, apple, appleKey }) {
    return {
        oauth: 1,
        chat: 0,
        moderation: 0,
        usage: 0,
        providers: ['simulated'],
        gatewayEnv: { OAUTH_REDIRECT_URL: redirect, API_URL: api },
        oauthEnv: {
            ...openid.env,
            GOOGLE_CLIENT_ID: 'airi.google',
            GOOGLE_CLIENT_SECRET: 'of google',
            GOOGLE_ISSUER: google.issuer,
            GOOGLE_APP_IDS: 'airi.android, airi.ios',
            DISCORD_CLIENT_ID: '1234567890',
            DISCORD_CLIENT_SECRET: 'of discord',
            DISCORD_BASE_URL: discord.issuer,
            APPLE_CLIENT_ID: 'com.example.airi',
            APPLE_TEAM_ID: 'TEAM123456',
            APPLE_KEY_ID: appleKey.kid,
            APPLE_ISSUER: apple.issuer,
            APPLE_PRIVATE_KEY: appleKey.privateKey.export({ type: 'pkcs8', format: 'pem' }),
        },
    };
}

// Declares tests that receive the providers too.
export function withIdentities() {
    const test = withAccounts(async () => optionsOf(await (started ??= startProviders())));
    return (name, act) =>
        test(name, async (stage) => {
            const providers = await started;
            // Most sign-ins here are about something else than the user's age.
            await stage.system.rows(`update system_settings set value = '"optional"' where key = 'age_gate'`);
            await act({ ...stage, ...providers, ...flows(stage, providers) });
        });
}

function flows({ post, ports }, { openid, google }) {
    const start = async (provider, token, port) => {
        const answer = await post(`/auth/oauth/${provider}/${token ? 'link' : 'start'}`, {}, { token, port });
        assert.equal(answer.status, 200, answer.text);
        const { authorization_url: url, state, binding } = answer.json.data;
        return { url, parameters: Object.fromEntries(new URL(url).searchParams), state, binding };
    };
    const callback = (fields, more) => post('/auth/oauth/callback', fields, more);
    // Starts a flow and confirms it at the real provider; returns the parameters of the callback.
    const confirmed = async (subject, token) => {
        const { url, state, binding } = await start('oidc', token);
        const back = await openid.visit(url, subject);
        assert.equal(back.state, state, JSON.stringify(back));
        assert.equal(back.iss, openid.issuer);
        return { state, binding, code: back.code, iss: back.iss };
    };
    return {
        start,
        callback,
        confirmed,
        // An app's ID token with that nonce, from the real provider.
        async tokenFor(subject, nonce, client_id = 'phone') {
            const issuer = await Issuer.discover(openid.issuer);
            const client = new issuer.Client({
                client_id,
                token_endpoint_auth_method: 'none',
                response_types: ['code'],
            });
            const [redirect_uri, code_verifier] = [
                client_id === 'phone' ? 'com.example.phone:/back' : 'com.example.other:/back',
                generators.codeVerifier(),
            ];
            const url = client.authorizationUrl({
                scope: 'openid email',
                redirect_uri,
                nonce,
                code_challenge: generators.codeChallenge(code_verifier),
                code_challenge_method: 'S256',
                claims: JSON.stringify({
                    id_token: { email: { essential: true }, email_verified: { essential: true } },
                }),
            });
            const back = await openid.visit(url, subject);
            return (await client.callback(redirect_uri, back, { code_verifier, nonce })).id_token;
        },
        // The same with a token of these claims, from the scripted provider.
        async scriptedFlow(claims, options) {
            const { url, state, binding } = await start('google');
            return { state, binding, code: google.issueCode(url, claims, options), iss: google.issuer };
        },
        profile: async (token) => (await ask(ports[0], { path: '/api/v1/users/profile', token })).json.data,
    };
}
