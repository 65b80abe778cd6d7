// The chat client: airi's WebSocket protocol over unreliable connections. No DOM, usable outside this page. A message
// passed to `send` is repeated with the same client_message_id until the server has accepted or rejected it. Every
// reply is followed to its end: missed frames are requested with `resume`, and no frame is applied twice.

import { Reply } from './reply.js';

const PING_MS = 25_000;
const ANSWER_MS = 10_000; // a ping or handshake unanswered for this long: the connection is dead
const SILENCE_MS = 12_000; // an active reply without a frame for this long is resumed
const RESUME_AGAIN_MS = 2_500;
const STABLE_MS = 5_000; // a connection that lasted this long resets the backoff
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 15_000;
const MAX_RESUME_WAIT_MS = 30_000;
const MAX_REJECTIONS = 8;
const MAX_REMEMBERED = 50;

/// A UUIDv4; crypto.randomUUID is missing on pages without TLS.
export function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/// Events (detail): "state" {state, retryAt, attempts}; "opened" {reconnected} (when true, lists may be out of date);
/// "accepted" {send, reply}; "rejected" {send, code, message}; "reply" (a Reply that changed); "lost" (a Reply whose
/// end must be loaded over HTTP); "message", "conversation", "usage", "notice" (the server's data).
export class ChatClient extends EventTarget {
    /// `session` has freshToken() and verify(); `storage` holds unfinished sends while the page is reloaded.
    /// `reconnect`: the wait before each attempt to connect again, and how many there are; 0: a growing wait, and
    /// without an end.
    constructor({ url, session, storage = null, key = 'airi.sends', socket = WebSocket, reconnect = {} }) {
        super();
        Object.assign(this, { url, session, storage, key, Socket: socket });
        this.reconnect = { ms: 0, attempts: 0, ...reconnect };
        this.state = 'closed'; // closed, connecting, online, waiting, stopped (after the last attempt)
        this.retryAt = null;
        this.attempts = 0;
        this.socket = null;
        this.watched = new Set();
        this.replies = new Map(); // active ones, by generation_id
        this.sends = new Map(); // unfinished ones, by client_message_id
        this.pending = new Map(); // frames waiting for an answer, by id
        this.progress = new Map(); // generation_id → {receivedAt, resumedAt, rejections, connection}
        this.ended = new Map(); // the replies that ended last, by generation_id: their late frames are ignored
        this.frames = 0;
        this.openedOnce = false;
        this.connection = 0; // counts connections, so that events of an earlier one are ignored
        for (const send of this.stored()) this.sends.set(send.client_message_id, { ...send, restored: true });
    }

    connect() {
        if (this.state !== 'closed') return;
        for (const { accepted } of this.sends.values()) if (accepted) this.follow(accepted);
        this.ticking = setInterval(() => this.tick(), 1_000);
        this.onOnline = () => this.retryNow();
        this.onOffline = () => this.state === 'online' && this.abandon();
        globalThis.addEventListener?.('online', this.onOnline);
        globalThis.addEventListener?.('offline', this.onOffline);
        this.open();
    }

    close() {
        clearInterval(this.ticking);
        clearTimeout(this.retrying);
        globalThis.removeEventListener?.('online', this.onOnline);
        globalThis.removeEventListener?.('offline', this.onOffline);
        this.connection += 1;
        this.socket?.close(1000);
        this.socket = null;
        const all = [this.watched, this.replies, this.sends, this.pending, this.progress, this.ended];
        for (const map of all) map.clear();
        this.store();
        this.attempts = 0;
        this.openedOnce = false;
        this.setState('closed');
    }

    retryNow() {
        if (this.state !== 'waiting' && this.state !== 'stopped') return;
        if (this.state === 'stopped') this.attempts = 0;
        clearTimeout(this.retrying);
        this.open();
    }

    /// Returns the send immediately: {client_message_id, conversation_id, companion_id, content, created_at, accepted}.
    send({ content, conversation_id = null, companion_id = null, model = null }) {
        const send = {
            client_message_id: newId(),
            conversation_id,
            companion_id,
            model,
            content,
            created_at: new Date().toISOString(),
            accepted: null,
            repeated: false,
        };
        this.sends.set(send.client_message_id, send);
        this.store();
        this.transmit(send);
        return send;
    }

    /// Sends a rejected message once more with its old id: if the server has it after all, it stays one message.
    sendAgain(send) {
        send.repeated = true;
        this.sends.set(send.client_message_id, send);
        this.store();
        this.transmit(send);
    }

    cancel(generation_id) {
        return this.sendFrame('message_cancel', { generation_id }, { generation_id });
    }

    watch(channel) {
        if (this.watched.has(channel)) return;
        this.watched.add(channel);
        this.sendFrame('subscribe', { channel });
    }

    unwatch(channel) {
        if (this.watched.delete(channel)) this.sendFrame('unsubscribe', { channel });
    }

    /// Follows a generation to its end, from its beginning when it is unknown here.
    follow(ids) {
        const known = this.replies.get(ids.generation_id) ?? this.ended.get(ids.generation_id);
        if (known) return known;
        const reply = this.track(new Reply(ids));
        this.resume(reply);
        return reply;
    }

    track(reply) {
        this.replies.set(reply.generation_id, reply);
        this.progress.set(reply.generation_id, { receivedAt: Date.now(), resumedAt: 0, rejections: 0, connection: 0 });
        return reply;
    }

    async open() {
        const connection = ++this.connection;
        this.setState('connecting');
        let token;
        try {
            token = await this.session.freshToken();
        } catch {
            if (connection === this.connection) this.retry();
            return;
        }
        if (connection !== this.connection) return;
        if (!token) return this.close();
        const socket = new this.Socket(this.url, ['airi.v1', `bearer.${token}`]);
        this.socket = socket;
        this.since = Date.now();
        this.receivedAt = Date.now();
        this.pingedAt = 0;
        socket.onopen = () => connection === this.connection && this.opened();
        socket.onmessage = ({ data }) => connection === this.connection && this.received(data);
        socket.onclose = ({ code }) => connection === this.connection && this.lost(code);
    }

    opened() {
        this.since = Date.now();
        this.pending.clear();
        this.setState('online');
        for (const channel of this.watched) this.sendFrame('subscribe', { channel });
        for (const send of this.sends.values()) {
            if (send.accepted) continue;
            send.repeated = this.openedOnce || send.restored;
            this.transmit(send);
        }
        for (const reply of this.replies.values()) this.resume(reply);
        this.dispatch('opened', { reconnected: this.openedOnce });
        this.openedOnce = true;
    }

    // 1008 or a failed handshake may mean that the session was revoked; only the server's answer over HTTP decides it.
    async lost(code) {
        const wasOpen = this.state === 'online';
        const stable = wasOpen && Date.now() - this.since > STABLE_MS;
        this.connection += 1;
        this.socket = null;
        if (stable) this.attempts = 0;
        const { connection } = this;
        this.setState('waiting');
        if (!wasOpen || code === 1008) await this.session.verify().catch(() => {});
        if (connection === this.connection) this.retry();
    }

    retry() {
        const { ms, attempts } = this.reconnect;
        if (attempts > 0 && this.attempts >= attempts) return this.setState('stopped');
        const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** this.attempts, MAX_BACKOFF_MS);
        this.attempts += 1;
        const wait = ms > 0 ? ms : backoff * (0.5 + Math.random() / 2);
        this.retryAt = Date.now() + wait;
        this.retrying = setTimeout(() => this.open(), wait);
        this.setState('waiting');
    }

    // Treats the connection as lost: a dead socket may take long to report it.
    abandon() {
        const socket = this.socket;
        this.lost(1006);
        socket?.close();
    }

    received(text) {
        let frame;
        try {
            frame = JSON.parse(text);
        } catch {
            return;
        }
        this.receivedAt = Date.now();
        this.pingedAt = 0;
        const { type, data = {} } = frame;
        if (type === 'message_accepted') this.accepted(data);
        else if (type === 'error') this.rejected(data, frame.id);
        else if (type === 'resumed') this.resumed(data);
        else if (type === 'reconnect') this.reconnectSoon(data);
        else if (type === 'message_created') this.dispatch('message', data.message ?? data);
        else if (type === 'conversation_updated') this.dispatch('conversation', data);
        else if (type === 'usage_updated') this.dispatch('usage', data);
        else if (data.generation_id && type.startsWith('message_')) this.advance(type, data);
        else if (type !== 'pong' && type !== 'subscribed') this.dispatch('notice', frame);
    }

    accepted(data) {
        const { client_message_id, conversation_id, message_id, reply_id, generation_id } = data;
        const send = this.sends.get(client_message_id);
        if (!send || send.accepted) return;
        send.conversation_id = conversation_id;
        send.accepted = { conversation_id, generation_id, message_id: reply_id, question_id: message_id };
        const known = this.replies.get(generation_id) ?? this.ended.get(generation_id);
        const reply = known ?? this.track(new Reply(send.accepted));
        reply.question_id = message_id;
        if (reply.ended) this.sends.delete(client_message_id);
        this.store();
        this.dispatch('accepted', { send, reply });
        // The first acceptance, and the frames after it, may have been missed.
        if (send.repeated && !reply.ended) this.resume(reply);
    }

    advance(type, data) {
        const id = data.generation_id;
        if (this.ended.has(id)) return;
        const known = this.replies.get(id);
        const reply = known ?? new Reply(data); // unknown: another device's message
        const outcome = reply.apply(type, data);
        if (!known) this.track(reply);
        if (outcome === 'gap') return this.resume(reply);
        Object.assign(this.progress.get(id), { receivedAt: Date.now(), rejections: 0 });
        if (outcome === 'stale') return;
        if (reply.ended) this.forget(reply);
        this.dispatch('reply', reply);
    }

    forget(reply) {
        if (reply.ended) this.ended.set(reply.generation_id, reply);
        if (this.ended.size > MAX_REMEMBERED) this.ended.delete(this.ended.keys().next().value);
        this.replies.delete(reply.generation_id);
        this.progress.delete(reply.generation_id);
        for (const [id, send] of this.sends)
            if (send.accepted?.generation_id === reply.generation_id) this.sends.delete(id);
        this.store();
    }

    resume(reply) {
        const state = this.progress.get(reply.generation_id);
        if (state.connection === this.connection && Date.now() - state.resumedAt < RESUME_AGAIN_MS) return;
        const { generation_id, epoch, offset } = reply;
        if (!this.sendFrame('resume', { generation_id, epoch, offset }, { reply })) return;
        state.resumedAt = Date.now();
        state.connection = this.connection;
    }

    resumed({ generation_id }) {
        const state = this.progress.get(generation_id);
        if (state) Object.assign(state, { receivedAt: Date.now(), rejections: 0 });
    }

    // An error in answer to one of our frames; `ref` is that frame's id.
    rejected({ code, message, ref }, id) {
        const context = this.pending.get(ref ?? id);
        this.pending.delete(ref ?? id);
        if (context?.send) {
            if (context.send.accepted) return;
            this.sends.delete(context.send.client_message_id);
            this.store();
            this.dispatch('rejected', { send: context.send, code, message });
        } else if (context?.reply) {
            this.resumeRejected(context.reply);
        } else {
            this.dispatch('notice', { type: 'error', data: { code, message, ...context } });
        }
    }

    // The server can resume a generation only after its message has been moderated, so a rejection may just be early.
    resumeRejected(reply) {
        const state = this.progress.get(reply.generation_id);
        if (!state) return;
        state.rejections += 1;
        const ours = [...this.sends.values()].some((s) => s.accepted?.generation_id === reply.generation_id);
        if (ours || state.rejections < MAX_REJECTIONS) return;
        this.forget(reply);
        this.dispatch('lost', reply);
    }

    reconnectSoon({ after_ms = 0 }) {
        const { connection } = this;
        setTimeout(() => connection === this.connection && this.abandon(), Math.random() * after_ms);
    }

    tick() {
        const now = Date.now();
        if (this.state === 'connecting' && this.socket && now - this.since > ANSWER_MS) return this.abandon();
        if (this.state !== 'online') return;
        if (this.pingedAt && now - this.pingedAt > ANSWER_MS) return this.abandon();
        if (!this.pingedAt && now - this.receivedAt > PING_MS) {
            this.pingedAt = now;
            this.sendFrame('ping', {});
        }
        for (const send of this.sends.values())
            if (!send.accepted && now - send.sentAt > SILENCE_MS)
                this.transmit(Object.assign(send, { repeated: true }));
        for (const reply of this.replies.values()) {
            const { receivedAt, resumedAt, rejections } = this.progress.get(reply.generation_id);
            const silent = now - Math.max(receivedAt, resumedAt) > SILENCE_MS;
            const unanswered = resumedAt > receivedAt || rejections > 0;
            const wait = Math.min(RESUME_AGAIN_MS * (1 + rejections), MAX_RESUME_WAIT_MS);
            if (silent || (unanswered && now - resumedAt > wait)) this.resume(reply);
        }
    }

    transmit(send) {
        const { client_message_id, content, conversation_id, companion_id, model } = send;
        const data = { client_message_id, content };
        if (conversation_id) data.conversation_id = conversation_id;
        else if (companion_id) data.companion_id = companion_id;
        if (model) data.model = model;
        send.sentAt = Date.now();
        this.sendFrame('message_send', data, { send });
    }

    // Returns false without a connection; what must not be lost is sent again when it is open.
    sendFrame(type, data, context = null) {
        if (this.state !== 'online' || this.socket?.readyState !== 1) return false;
        const id = String(++this.frames);
        if (context) this.pending.set(id, context);
        if (this.pending.size > MAX_REMEMBERED) this.pending.delete(this.pending.keys().next().value);
        this.socket.send(JSON.stringify({ type, id, data }));
        return true;
    }

    setState(state) {
        this.state = state;
        if (state !== 'waiting') this.retryAt = null;
        this.dispatch('state', { state, retryAt: this.retryAt, attempts: this.attempts });
    }

    dispatch(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    store() {
        if (this.sends.size) this.storage?.setItem(this.key, JSON.stringify([...this.sends.values()]));
        else this.storage?.removeItem(this.key);
    }

    stored() {
        try {
            return JSON.parse(this.storage?.getItem(this.key) ?? '[]');
        } catch {
            return [];
        }
    }
}
