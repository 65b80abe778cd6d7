// The HTTP side of airi: the session's tokens and the JSON envelope. No DOM; the page and the chat client use it.
// A 401 is answered by one refresh and one repetition, whatever the number of requests or tabs that met it.

const WAIT_MS = 20_000;
const REFUSED = new Set([400, 401, 403, 422]);

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

/// Events: "changed" (detail: the user, or null when signed out; also when another tab did it).
export class Session extends EventTarget {
    constructor({ base = '/api/v1', storage = window.localStorage, key = 'airi.session' } = {}) {
        super();
        this.base = base;
        this.storage = storage;
        this.key = key;
        this.refreshing = null;
        this.userId = this.user?.id ?? null;
        window.addEventListener('storage', (event) => {
            if (event.storageArea === storage && (event.key === key || event.key === null)) this.noticeChange();
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
        this.keep(await this.send('POST', '/auth/signup', fields, null));
    }

    async login(fields) {
        this.keep(await this.send('POST', '/auth/login', fields, null));
    }

    /// A link for a new password, sent by mail; the answer is the same for every address.
    async forgot(fields) {
        await this.send('POST', '/auth/forgot-password', fields, null);
    }

    async reset(fields) {
        await this.send('POST', '/auth/reset-password', fields, null);
    }

    /// Signs in with the token of a mail's link.
    async link(fields) {
        this.keep(await this.send('POST', '/auth/magic-link/login', fields, null));
    }

    /// Takes a closed account back, and signs in.
    async restore(fields) {
        this.keep(await this.send('POST', '/auth/restore', fields, null));
    }

    /// The same by the link of the mail, without signing in.
    async restoreByLink(fields) {
        await this.send('POST', '/auth/restore/link', fields, null);
    }

    /// What a parent is asked, and the answer.
    async askedOfParent(fields) {
        return (await this.send('POST', '/auth/parental-consent/details', fields, null)).data;
    }

    async answerForChild(fields) {
        await this.send('POST', '/auth/parental-consent', fields, null);
    }

    /// Signs in with what an identity provider sent back.
    async oauth(fields) {
        this.keep(await this.send('POST', '/auth/oauth/callback', fields, null));
    }

    async verify_email(fields) {
        await this.send('POST', '/auth/verify-email', fields, null);
    }

    /// Signs out here at once; that the server could not be told is no reason to stay.
    async logout() {
        const held = this.tokens;
        this.drop();
        if (held) await this.send('POST', '/auth/logout', {}, held.access_token).catch(() => {});
    }

    /// A token with some life left, for a WebSocket; null when signed out.
    async freshToken() {
        const held = this.tokens;
        if (!held) return null;
        const left = held.expires_at - Date.now();
        if (left > Math.min(60, held.expires_in / 10) * 1000) return held.access_token;
        return (await this.refresh(held.access_token))?.access_token ?? null;
    }

    /// Asks the server whether the session still lives; signs out when it does not.
    async verify() {
        await this.request('GET', '/auth/session');
    }

    /// Answers {data, meta} of the envelope; with `raw` the text as it came is the data.
    async request(method, path, body, raw = false) {
        const held = this.tokens;
        if (!held) throw new ApiError(401, 'UNAUTHENTICATED', 'You are signed out.');
        try {
            return await this.send(method, path, body, held.access_token, raw);
        } catch (error) {
            // Suspended or closed meanwhile: there is nothing to be signed in for.
            if (error.status === 403 && error.code.startsWith('ACCOUNT_')) this.drop();
            if (error.status !== 401) throw error;
        }
        const fresh = await this.refresh(held.access_token);
        if (!fresh) throw new ApiError(401, 'UNAUTHENTICATED', 'You have been signed out.');
        return this.send(method, path, body, fresh.access_token, raw);
    }

    async get(path) {
        return (await this.request('GET', path)).data;
    }

    /// For what anybody may read.
    async getPublic(path) {
        return (await this.send('GET', path, undefined, null)).data;
    }

    /// New tokens in place of `spent`; null when the session has ended. A refresh token works once, so tabs take turns,
    /// and who comes second finds the new tokens in the storage.
    refresh(spent) {
        const turn = async () => {
            const held = this.tokens;
            if (!held || held.access_token !== spent) return held;
            try {
                const answer = await this.send('POST', '/auth/refresh', { refresh_token: held.refresh_token }, null);
                this.keep(answer);
                return this.tokens;
            } catch (error) {
                if (!REFUSED.has(error.status)) throw error;
                if (this.tokens?.access_token === spent) this.drop();
                return this.tokens;
            }
        };
        const inTurn = () => (navigator.locks ? navigator.locks.request(`${this.key}.refresh`, turn) : turn());
        this.refreshing ??= inTurn().finally(() => {
            this.refreshing = null;
        });
        return this.refreshing;
    }

    keep({ data }) {
        const { user, access_token, refresh_token, expires_in } = data;
        const expires_at = Date.now() + expires_in * 1000;
        const held = { user, access_token, refresh_token, expires_in, expires_at };
        this.storage.setItem(this.key, JSON.stringify(held));
        this.noticeChange();
    }

    /// The user as the server tells of him now.
    renew(user) {
        this.storage.setItem(this.key, JSON.stringify({ ...this.tokens, user }));
    }

    drop() {
        this.storage.removeItem(this.key);
        this.noticeChange();
    }

    noticeChange() {
        const user = this.user;
        if ((user?.id ?? null) === this.userId) return;
        this.userId = user?.id ?? null;
        this.dispatchEvent(new CustomEvent('changed', { detail: user }));
    }

    async send(method, path, body, token, raw = false) {
        const headers = { Accept: raw ? '*/*' : 'application/json' };
        if (body !== undefined) headers['Content-Type'] = 'application/json';
        if (token) headers.Authorization = `Bearer ${token}`;
        let answer;
        let text;
        try {
            const signal = AbortSignal.timeout(WAIT_MS);
            const options = { method, headers, signal, cache: 'no-store', credentials: 'same-origin' };
            if (body !== undefined) options.body = JSON.stringify(body);
            answer = await fetch(this.base + path, options);
            text = await answer.text();
        } catch {
            throw new ApiError(0, 'UNREACHABLE', 'The server cannot be reached.');
        }
        if (raw && answer.ok) return { data: text, meta: {} };
        let json = null;
        try {
            json = JSON.parse(text);
        } catch {
            if (answer.ok)
                throw new ApiError(answer.status, 'NO_JSON', 'The server gave an answer that is not understood.');
        }
        if (answer.ok) return { data: json.data, meta: json.meta ?? {} };
        const error = json?.error ?? {};
        const retryAfter = Number.parseInt(answer.headers.get('Retry-After') ?? '', 10);
        throw new ApiError(
            answer.status,
            error.code ?? 'HTTP_' + answer.status,
            error.message ?? `The server answered with ${answer.status}.`,
            error.details ?? null,
            Number.isFinite(retryAfter) ? retryAfter : null,
        );
    }
}
