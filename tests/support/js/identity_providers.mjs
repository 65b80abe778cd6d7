// Identity providers for the tests: a certified one (npm oidc-provider) whose users log in on its own page, and a
// scripted one. Both listen on ports of this machine, in the test's own process.

import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import http from 'node:http';

import Provider from 'oidc-provider';

import { freePort } from './system/process.mjs';

const listen = (handler, port) =>
    new Promise((resolve, reject) => {
        const server = http.createServer(handler);
        server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
    });

// A browser as far as redirects and forms go: cookies by origin, no scripts.
class Visit {
    constructor() {
        this.cookies = new Map();
    }

    async request(url, form) {
        const { origin } = new URL(url);
        const jar = this.cookies.get(origin) ?? new Map();
        this.cookies.set(origin, jar);
        const answer = await fetch(url, {
            redirect: 'manual',
            method: form ? 'POST' : 'GET',
            body: form && new URLSearchParams(form),
            headers: { Cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
        });
        for (const line of answer.headers.getSetCookie()) {
            const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
            if (value) jar.set(name, value);
            else jar.delete(name);
        }
        return answer;
    }
}

// The real one. The login name "x" is the subject "x"; `people` holds the claims it returns.
export class OpenIdProvider {
    constructor(port, redirect) {
        this.port = port;
        this.issuer = `http://127.0.0.1:${port}`;
        this.redirect = redirect;
        this.people = new Map();
        this.clientSecret = 'a secret / of + airi: %20';
    }

    static async start({ redirect, port }) {
        return new OpenIdProvider(port ?? (await freePort()), redirect).up();
    }

    get env() {
        return {
            OIDC_ISSUER: this.issuer,
            OIDC_CLIENT_ID: 'airi',
            OIDC_CLIENT_SECRET: this.clientSecret,
            OIDC_NAME: 'Example ID',
            OIDC_APP_IDS: 'phone',
        };
    }

    async up() {
        // It warns at length that it is not set up for production.
        const { warn, info } = console;
        Object.assign(console, { warn() {}, info() {} });
        const provider = new Provider(this.issuer, {
            clients: [
                {
                    client_id: 'airi',
                    client_secret: this.clientSecret,
                    redirect_uris: [this.redirect],
                    grant_types: ['authorization_code'],
                },
                {
                    client_id: 'phone',
                    redirect_uris: ['com.example.phone:/back'],
                    application_type: 'native',
                    token_endpoint_auth_method: 'none',
                    grant_types: ['authorization_code'],
                },
                {
                    client_id: 'stranger',
                    redirect_uris: ['com.example.other:/back'],
                    application_type: 'native',
                    token_endpoint_auth_method: 'none',
                    grant_types: ['authorization_code'],
                },
            ],
            claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
            features: { claimsParameter: { enabled: true } },
            findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...this.people.get(id) }) }),
            pkce: { required: () => true },
            ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
            cookies: { keys: [randomUUID()] },
        });
        this.server = await listen(provider.callback(), this.port);
        Object.assign(console, { warn, info });
        return this;
    }

    // Adds a new person with the claims that the provider returns for them.
    person(email, more = {}) {
        const subject = randomUUID();
        this.people.set(subject, { email, email_verified: true, name: 'Ada L.', ...more });
        return subject;
    }

    // Logs in and consents on the provider's own pages; returns the parameters of its redirect back.
    async visit(authorizationUrl, subject) {
        const visit = new Visit();
        let url = authorizationUrl;
        let form;
        for (let step = 0; step < 15; ++step) {
            const answer = await visit.request(url, form);
            form = undefined;
            if (answer.status >= 300 && answer.status < 400) {
                url = new URL(answer.headers.get('location'), url).href;
                if (!url.startsWith(this.issuer)) return Object.fromEntries(new URL(url).searchParams);
                continue;
            }
            const text = await answer.text();
            const [, prompt] =
                text.match(/name="prompt" value="(\w+)"/) ?? assert.fail(`${answer.status} ${text.slice(0, 500)}`);
            url = new URL(text.match(/action="([^"]+)"/)[1], url).href;
            form = prompt === 'login' ? { prompt, login: subject, password: 'x' } : { prompt };
        }
        assert.fail(`no way back from ${url}`);
    }

    down() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }
}

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

// A key pair with its JWK.
export function keyPair(kid, type = 'RS256') {
    const pair =
        type === 'RS256'
            ? generateKeyPairSync('rsa', { modulusLength: 2048 })
            : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { kid, type, ...pair, jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: type } };
}

// A JWT; `header` overrides the key's header.
export function jwt(key, claims, header = {}) {
    const head = { alg: key.type, kid: key.kid, ...header };
    const text = `${b64(head)}.${b64(claims)}`;
    if (head.alg === 'none') return `${text}.`;
    if (head.alg === 'HS256') {
        const secret = key.publicKey.export({ type: 'spki', format: 'pem' });
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    }
    const signature = sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
}

// A scripted provider: `pages` by path, each (request, body, response) → a value for JSON, or nothing when it has
// responded itself.
export class ScriptedProvider {
    constructor(port) {
        this.port = port;
        this.issuer = `http://127.0.0.1:${port}`;
        this.keys = [keyPair('first')];
        this.requests = [];
        this.pages = {
            '/.well-known/openid-configuration': () => ({
                issuer: this.issuer,
                authorization_endpoint: `${this.issuer}/authorize`,
                token_endpoint: `${this.issuer}/token`,
                jwks_uri: `${this.issuer}/keys`,
                token_endpoint_auth_methods_supported: ['client_secret_post'],
            }),
            '/keys': () => ({ keys: this.keys.map((key) => key.jwk) }),
        };
    }

    static async start() {
        return new ScriptedProvider(await freePort()).up();
    }

    async up() {
        this.server = await listen(async (request, answer) => {
            let body = '';
            for await (const piece of request) body += piece;
            const path = request.url.split('?')[0];
            this.requests.push({ path, body: new URLSearchParams(body), headers: request.headers });
            const reply = await this.pages[path]?.(request, new URLSearchParams(body), answer);
            if (answer.headersSent || answer.destroyed || reply === undefined)
                return void (this.pages[path] || answer.writeHead(404).end());
            answer.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(reply));
        }, this.port);
        return this;
    }

    down() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }

    // From here on the code is valid for a token of these claims; its PKCE is verified as a provider does.
    issueCode(authorizationUrl, claims, { key = this.keys[0], header, code = randomUUID() } = {}) {
        const {
            nonce,
            client_id: aud,
            code_challenge: challenge,
        } = Object.fromEntries(new URL(authorizationUrl).searchParams);
        const at = Math.floor(Date.now() / 1000);
        let used = false;
        this.pages['/token'] = (_, body, answer) => {
            const good =
                body.get('code') === code &&
                createHash('sha256').update(body.get('code_verifier')).digest('base64url') === challenge &&
                !used;
            if (!good)
                return void answer
                    .writeHead(400, { 'Content-Type': 'application/json' })
                    .end('{"error":"invalid_grant"}');
            used = true;
            const all = { iss: this.issuer, sub: 'somebody', aud, nonce, iat: at, exp: at + 300, ...claims };
            return { access_token: 'an access token', token_type: 'Bearer', id_token: jwt(key, all, header) };
        };
        return code;
    }
}
