// The HTTP side of airi: the session's tokens and the JSON envelope. No DOM; the page and the chat client use it.
// After a 401 the tokens are refreshed once, however many requests or tabs received it, and the request is repeated.

const TIMEOUT_MS = 20_000;
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;
const REJECTED = new Set([400, 401, 403, 422]);

export class ApiError extends Error {
    /// status 0: the server was not reached. `retryAfter` in seconds, or null.
    constructor(status, code, message, details = null, retryAfter = null) {
        super(message);
        this.status = status;
        this.code = code;
        this.details = details;
        this.retryAfter = retryAfter;
    }
}

/// Events: "changed" (detail: the user, or null when signed out), also when another tab changed it. A page whose users
/// change credentials sets `askProof`: (proofs, problem) → {password} or {code}, or null when the user declines.
export class Session extends EventTarget {
    constructor({ base = '/api/v1', storage = window.localStorage, key = 'airi.session' } = {}) {
        super();
        this.base = base;
        this.storage = storage;
        this.key = key;
        this.refreshing = null;
        this.askProof = null;
        this.refreshBefore = 60; // seconds before its end, or half its life, a token is exchanged
        this.userId = this.user?.id ?? null;
        window.addEventListener('storage', (event) => {
            if (event.storageArea === storage && (event.key === key || event.key === null)) this.publishChange();
        });
    }

    get tokens() {
        try {
            return JSON.parse(this.storage.getItem(this.key));
        } catch {
            return null;
        }
    }

    get user() {
        return this.tokens?.user ?? null;
    }

    async signup(fields) {
        this.store(await this.send('POST', '/auth/signup', fields, null));
    }

    async login(fields) {
        this.store(await this.send('POST', '/auth/login', fields, null));
    }

    /// Requests a mail with a link for a new password; the answer is the same for every address.
    async forgot(fields) {
        await this.send('POST', '/auth/forgot-password', fields, null);
    }

    async reset(fields) {
        await this.send('POST', '/auth/reset-password', fields, null);
    }

    /// Requests a mail with a link that signs in, in this browser only: a cookie binds it.
    async askForLink(fields) {
        await this.send('POST', '/auth/magic-link', fields, null, { transport: 'cookie' });
    }

    /// The account of such a link: {email}, masked.
    async linkDetails(fields) {
        return (await this.send('POST', '/auth/magic-link/details', fields, null)).data;
    }

    /// Signs in with the token of a link in a mail.
    async link(fields) {
        this.store(await this.send('POST', '/auth/magic-link/login', fields, null));
    }

    /// Restores a closed account, and signs in.
    async restore(fields) {
        this.store(await this.send('POST', '/auth/restore', fields, null));
    }

    /// Restores it with the link in the mail, without signing in.
    async restoreByLink(fields) {
        await this.send('POST', '/auth/restore/link', fields, null);
    }

    /// The child's account that a parent decides on.
    async consentDetails(fields) {
        return (await this.send('POST', '/auth/parental-consent/details', fields, null)).data;
    }

    /// The parent's decision: {token, agree}.
    async decideConsent(fields) {
        await this.send('POST', '/auth/parental-consent', fields, null);
    }

    /// Signs in with the answer of an identity provider.
    async oauth(fields) {
        this.store(await this.send('POST', '/auth/oauth/callback', fields, null));
    }

    /// Proves an address with a link's token: as the signed-in user, or with the account's password or a new one.
    async verify_email(fields) {
        const path = '/auth/verify-email';
        const token = 'password' in fields || 'new_password' in fields ? null : await this.freshToken();
        try {
            await this.send('POST', path, fields, token);
        } catch (error) {
            if (!token || error.status !== 401) throw error;
            await this.send('POST', path, fields, null); // the session has ended
        }
    }

    /// Signs out here immediately, even when the server cannot be reached.
    async logout() {
        const { tokens } = this;
        this.drop();
        if (tokens) await this.send('POST', '/auth/logout', {}, tokens.access_token).catch(() => {});
    }

    /// An access token that does not expire soon, for a WebSocket; null when signed out.
    async freshToken() {
        const { tokens } = this;
        if (!tokens) return null;
        const left = tokens.expires_at - Date.now();
        if (left > Math.min(this.refreshBefore, tokens.expires_in / 2) * 1000) return tokens.access_token;
        return (await this.refresh(tokens.access_token))?.access_token ?? null;
    }

    /// Asks the server whether the session is still valid; signs out when it is not.
    async verify() {
        await this.request('GET', '/auth/session');
    }

    /// Resolves to {data, meta} of the envelope; with `raw` the data is the unparsed text. What needs a fresh proof of
    /// identity is sent again when the user has given one.
    async request(method, path, body, raw = false) {
        try {
            return await this.authorized(method, path, body, raw);
        } catch (error) {
            if (error.code !== 'REAUTHENTICATION_REQUIRED' || !(await this.prove(error.details.proofs))) throw error;
        }
        return this.authorized(method, path, body, raw);
    }

    /// False when the user declined, or has no way to do it here.
    async prove(proofs) {
        let problem = '';
        while (this.askProof) {
            const proof = await this.askProof(proofs, problem);
            if (!proof) return false;
            try {
                await this.authorized('POST', '/auth/reauthenticate', proof);
                return true;
            } catch (error) {
                if (![403, 422, 429].includes(error.status)) throw error;
                problem = error.message;
            }
        }
        return false;
    }

    async authorized(method, path, body, raw = false) {
        const { tokens } = this;
        if (!tokens) throw new ApiError(401, 'UNAUTHENTICATED', 'You are signed out.');
        try {
            return await this.send(method, path, body, tokens.access_token, { raw });
        } catch (error) {
            // The account was suspended or closed.
            if (error.status === 403 && error.code.startsWith('ACCOUNT_')) this.drop();
            if (error.status !== 401) throw error;
        }
        const fresh = await this.refresh(tokens.access_token);
        if (!fresh) throw new ApiError(401, 'UNAUTHENTICATED', 'You have been signed out.');
        return this.send(method, path, body, fresh.access_token, { raw });
    }

    async get(path) {
        return (await this.request('GET', path)).data;
    }

    /// For public resources.
    async getPublic(path) {
        return (await this.send('GET', path, undefined, null)).data;
    }

    /// Replaces the expired access token; null when the session was revoked. A refresh token works once, so the tabs
    /// take turns, and the second one finds the new tokens in the storage.
    refresh(expired) {
        const exchange = async () => {
            const { tokens } = this;
            if (!tokens || tokens.access_token !== expired) return tokens;
            try {
                this.store(await this.send('POST', '/auth/refresh', { refresh_token: tokens.refresh_token }, null));
                return this.tokens;
            } catch (error) {
                if (!REJECTED.has(error.status)) throw error;
                if (this.tokens?.access_token === expired) this.drop();
                return this.tokens;
            }
        };
        const inTurn = () => (navigator.locks ? navigator.locks.request(`${this.key}.refresh`, exchange) : exchange());
        this.refreshing ??= inTurn().finally(() => {
            this.refreshing = null;
        });
        return this.refreshing;
    }

    store({ data }) {
        const { user, access_token, refresh_token, expires_in } = data;
        const expires_at = Date.now() + expires_in * 1000;
        const tokens = { user, access_token, refresh_token, expires_in, expires_at };
        this.storage.setItem(this.key, JSON.stringify(tokens));
        this.publishChange();
    }

    /// Stores the user as the server now describes them.
    updateUser(user) {
        this.storage.setItem(this.key, JSON.stringify({ ...this.tokens, user }));
    }

    drop() {
        this.storage.removeItem(this.key);
        this.publishChange();
    }

    publishChange() {
        const user = this.user;
        if ((user?.id ?? null) === this.userId) return;
        this.userId = user?.id ?? null;
        this.dispatchEvent(new CustomEvent('changed', { detail: user }));
    }

    async send(method, path, body, token, { raw = false, transport = 'bearer' } = {}) {
        const headers = { Accept: raw ? '*/*' : 'application/json', 'X-Token-Transport': transport };
        if (body !== undefined) headers['Content-Type'] = 'application/json';
        if (token) headers.Authorization = `Bearer ${token}`;
        let response;
        let text;
        try {
            const signal = AbortSignal.timeout(raw ? DOWNLOAD_TIMEOUT_MS : TIMEOUT_MS);
            const options = { method, headers, signal, cache: 'no-store', credentials: 'same-origin' };
            if (body !== undefined) options.body = JSON.stringify(body);
            response = await fetch(this.base + path, options);
            text = await response.text();
        } catch {
            throw new ApiError(0, 'UNREACHABLE', 'The server cannot be reached.');
        }
        if (raw && response.ok) return { data: text, meta: {} };
        let json = null;
        try {
            json = JSON.parse(text);
        } catch {
            if (response.ok)
                throw new ApiError(response.status, 'NO_JSON', 'The server sent an answer that is not JSON.');
        }
        if (response.ok) return { data: json.data, meta: json.meta ?? {} };
        const error = json?.error ?? {};
        const retryAfter = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
        throw new ApiError(
            response.status,
            error.code ?? 'HTTP_' + response.status,
            error.message ?? `The server answered with ${response.status}.`,
            error.details ?? null,
            Number.isFinite(retryAfter) ? retryAfter : null,
        );
    }
}
