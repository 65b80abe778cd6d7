// The chat client: airi's WebSocket protocol over connections that come and go. No DOM, usable outside this page.
// A message given to `send` is repeated with the same client_message_id until the server has accepted or refused it,
// and every reply is followed to its end: what was missed is asked for with `resume`, nothing is shown twice.

import { Reply } from './reply.js';

const PING_MS = 25_000;
const ANSWER_MS = 10_000; // a ping or a handshake without an answer for so long: the connection is dead
const SILENCE_MS = 12_000; // a living reply without a frame for so long is asked for
const ASK_AGAIN_MS = 2_500;
const STEADY_MS = 5_000; // an open connection that lasts so long makes the next backoff short again
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 15_000;
const LONGEST_ASK_MS = 30_000;
const MOST_REFUSALS = 8;
const MOST_KEPT = 50;

/// A UUIDv4; crypto.randomUUID is missing on pages without TLS.
export function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/// Events (detail): "state" {state, retryAt, attempts}; "opened" (again: true after a loss: lists may be out of date);
/// "accepted" {send, reply}; "refused" {send, code, message}; "reply" (a Reply that changed); "lost" (a Reply whose
/// end is to be read over HTTP); "message", "conversation", "usage", "notice" (the server's data).
export class ChatClient extends EventTarget {
    /// `session` gives freshToken() and verify(); `storage` keeps what is under way over a reload of the page.
    constructor({ url, session, storage = null, key = 'airi.sends', socket = WebSocket }) {
        super();
        Object.assign(this, { url, session, storage, key, Socket: socket });
        this.state = 'closed'; // closed, connecting, online, waiting
        this.retryAt = null;
        this.attempts = 0;
        this.socket = null;
        this.watched = new Set();
        this.replies = new Map(); // living ones, by generation_id
        this.sends = new Map(); // unfinished ones, by client_message_id
        this.asked = new Map(); // frames waiting for an answer, by id
        this.followed = new Map(); // generation_id → {heard, asked, refusals, turn}
        this.ended = new Map(); // the last replies that ended, by generation_id: late frames of theirs are not heard
        this.frames = 0;
        this.openedOnce = false;
        this.turn = 0; // counts connections, so that what an old one still says is not heard
        for (const send of this.stored()) this.sends.set(send.client_message_id, { ...send, restored: true });
    }

    connect() {
        if (this.state !== 'closed') return;
        for (const { accepted } of this.sends.values()) if (accepted) this.follow(accepted);
        this.ticking = setInterval(() => this.tick(), 1_000);
        this.wake = () => this.retryNow();
        this.sleep = () => this.state === 'online' && this.abandon();
        globalThis.addEventListener?.('online', this.wake);
        globalThis.addEventListener?.('offline', this.sleep);
        this.open();
    }

    close() {
        clearInterval(this.ticking);
        clearTimeout(this.retrying);
        globalThis.removeEventListener?.('online', this.wake);
        globalThis.removeEventListener?.('offline', this.sleep);
        this.turn += 1;
        this.socket?.close(1000);
        this.socket = null;
        const all = [this.watched, this.replies, this.sends, this.asked, this.followed, this.ended];
        for (const kept of all) kept.clear();
        this.store();
        this.attempts = 0;
        this.openedOnce = false;
        this.become('closed');
    }

    retryNow() {
        if (this.state !== 'waiting') return;
        clearTimeout(this.retrying);
        this.open();
    }

    /// Returns the send at once: {client_message_id, conversation_id, companion_id, content, created_at, accepted}.
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
        this.offer(send);
        return send;
    }

    /// Offers a refused send once more under its old id: if the refusal was a mistake, there is still one message.
    sendAgain(send) {
        send.repeated = true;
        this.sends.set(send.client_message_id, send);
        this.store();
        this.offer(send);
    }

    cancel(generation_id) {
        return this.emit('message_cancel', { generation_id }, { generation_id });
    }

    watch(channel) {
        if (this.watched.has(channel)) return;
        this.watched.add(channel);
        this.emit('subscribe', { channel });
    }

    unwatch(channel) {
        if (this.watched.delete(channel)) this.emit('unsubscribe', { channel });
    }

    /// Follows a generation to its end, from its beginning when nothing of it is known here.
    follow(ids) {
        const known = this.replies.get(ids.generation_id) ?? this.ended.get(ids.generation_id);
        if (known) return known;
        const reply = this.keep(new Reply(ids));
        this.resume(reply);
        return reply;
    }

    keep(reply) {
        this.replies.set(reply.generation_id, reply);
        this.followed.set(reply.generation_id, { heard: Date.now(), asked: 0, refusals: 0, turn: 0 });
        return reply;
    }

    async open() {
        const turn = ++this.turn;
        this.become('connecting');
        let token;
        try {
            token = await this.session.freshToken();
        } catch {
            if (turn === this.turn) this.retry();
            return;
        }
        if (turn !== this.turn) return;
        if (!token) return this.close();
        const socket = new this.Socket(this.url, ['airi.v1', `bearer.${token}`]);
        this.socket = socket;
        this.since = Date.now();
        this.heardAt = Date.now();
        this.pingedAt = 0;
        socket.onopen = () => turn === this.turn && this.opened();
        socket.onmessage = ({ data }) => turn === this.turn && this.heard(data);
        socket.onclose = ({ code }) => turn === this.turn && this.lost(code);
    }

    opened() {
        this.since = Date.now();
        this.asked.clear();
        this.become('online');
        for (const channel of this.watched) this.emit('subscribe', { channel });
        for (const send of this.sends.values()) {
            if (send.accepted) continue;
            send.repeated = this.openedOnce || send.restored;
            this.offer(send);
        }
        for (const reply of this.replies.values()) this.resume(reply);
        this.tell('opened', { again: this.openedOnce });
        this.openedOnce = true;
    }

    // 1008 or a failed handshake may mean that the session has ended; only the server's word over HTTP decides it.
    async lost(code) {
        const wasOpen = this.state === 'online';
        const steady = wasOpen && Date.now() - this.since > STEADY_MS;
        this.turn += 1;
        this.socket = null;
        if (steady) this.attempts = 0;
        const turn = this.turn;
        this.become('waiting');
        if (!wasOpen || code === 1008) await this.session.verify().catch(() => {});
        if (turn === this.turn) this.retry();
    }

    retry() {
        const longest = Math.min(FIRST_BACKOFF_MS * 2 ** this.attempts, LONGEST_BACKOFF_MS);
        this.attempts += 1;
        const wait = longest * (0.5 + Math.random() / 2);
        this.retryAt = Date.now() + wait;
        this.retrying = setTimeout(() => this.open(), wait);
        this.become('waiting');
    }

    // Ends the connection as if it had been lost: a socket may take long to say so by itself.
    abandon() {
        const socket = this.socket;
        this.lost(1006);
        socket?.close();
    }

    heard(text) {
        let frame;
        try {
            frame = JSON.parse(text);
        } catch {
            return;
        }
        this.heardAt = Date.now();
        this.pingedAt = 0;
        const { type, data = {} } = frame;
        if (type === 'message_accepted') this.accepted(data);
        else if (type === 'error') this.refused(data, frame.id);
        else if (type === 'resumed') this.resumed(data);
        else if (type === 'reconnect') this.leaveSoon(data);
        else if (type === 'message_created') this.tell('message', data.message ?? data);
        else if (type === 'conversation_updated') this.tell('conversation', data);
        else if (type === 'usage_updated') this.tell('usage', data);
        else if (data.generation_id && type.startsWith('message_')) this.advance(type, data);
        else if (type !== 'pong' && type !== 'subscribed') this.tell('notice', frame);
    }

    accepted(data) {
        const { client_message_id, conversation_id, message_id, reply_id, generation_id } = data;
        const send = this.sends.get(client_message_id);
        if (!send || send.accepted) return;
        send.conversation_id = conversation_id;
        send.accepted = { conversation_id, generation_id, message_id: reply_id, question_id: message_id };
        const known = this.replies.get(generation_id) ?? this.ended.get(generation_id);
        const reply = known ?? this.keep(new Reply(send.accepted));
        reply.question_id = message_id;
        if (reply.ended) this.sends.delete(client_message_id);
        this.store();
        this.tell('accepted', { send, reply });
        if (send.repeated && !reply.ended) this.resume(reply); // the first acceptance and all that followed may be missed
    }

    advance(type, data) {
        const id = data.generation_id;
        if (this.ended.has(id)) return;
        const known = this.replies.get(id);
        const reply = known ?? new Reply(data); // new: another device's message
        const outcome = reply.apply(type, data);
        if (!known) this.keep(reply);
        if (outcome === 'gap') return this.resume(reply);
        Object.assign(this.followed.get(id), { heard: Date.now(), refusals: 0 });
        if (outcome === 'stale') return;
        if (reply.ended) this.forget(reply);
        this.tell('reply', reply);
    }

    forget(reply) {
        if (reply.ended) this.ended.set(reply.generation_id, reply);
        if (this.ended.size > MOST_KEPT) this.ended.delete(this.ended.keys().next().value);
        this.replies.delete(reply.generation_id);
        this.followed.delete(reply.generation_id);
        for (const [id, send] of this.sends)
            if (send.accepted?.generation_id === reply.generation_id) this.sends.delete(id);
        this.store();
    }

    resume(reply) {
        const state = this.followed.get(reply.generation_id);
        if (state.turn === this.turn && Date.now() - state.asked < ASK_AGAIN_MS) return;
        const { generation_id, epoch, offset } = reply;
        if (!this.emit('resume', { generation_id, epoch, offset }, { reply })) return;
        state.asked = Date.now();
        state.turn = this.turn;
    }

    resumed({ generation_id }) {
        const state = this.followed.get(generation_id);
        if (state) Object.assign(state, { heard: Date.now(), refusals: 0 });
    }

    // An answer to one of our frames: `ref` is its id.
    refused({ code, message, ref }, id) {
        const about = this.asked.get(ref ?? id);
        this.asked.delete(ref ?? id);
        if (about?.send) {
            if (about.send.accepted) return;
            this.sends.delete(about.send.client_message_id);
            this.store();
            this.tell('refused', { send: about.send, code, message });
        } else if (about?.reply) {
            this.unknown(about.reply);
        } else {
            this.tell('notice', { type: 'error', data: { code, message, ...about } });
        }
    }

    // A generation is known to `resume` only when its message has been screened, so a refusal may just be early.
    unknown(reply) {
        const state = this.followed.get(reply.generation_id);
        if (!state) return;
        state.refusals += 1;
        const ours = [...this.sends.values()].some((s) => s.accepted?.generation_id === reply.generation_id);
        if (ours || state.refusals < MOST_REFUSALS) return;
        this.forget(reply);
        this.tell('lost', reply);
    }

    leaveSoon({ after_ms = 0 }) {
        const turn = this.turn;
        setTimeout(() => turn === this.turn && this.abandon(), Math.random() * after_ms);
    }

    tick() {
        const now = Date.now();
        if (this.state === 'connecting' && this.socket && now - this.since > ANSWER_MS) return this.abandon();
        if (this.state !== 'online') return;
        if (this.pingedAt && now - this.pingedAt > ANSWER_MS) return this.abandon();
        if (!this.pingedAt && now - this.heardAt > PING_MS) {
            this.pingedAt = now;
            this.emit('ping', {});
        }
        for (const send of this.sends.values())
            if (!send.accepted && now - send.offeredAt > SILENCE_MS)
                this.offer(Object.assign(send, { repeated: true }));
        for (const reply of this.replies.values()) {
            const { heard, asked, refusals } = this.followed.get(reply.generation_id);
            const unanswered = asked > heard || refusals > 0;
            const patience = Math.min(ASK_AGAIN_MS * (1 + refusals), LONGEST_ASK_MS);
            if (now - Math.max(heard, asked) > SILENCE_MS || (unanswered && now - asked > patience)) this.resume(reply);
        }
    }

    offer(send) {
        const { client_message_id, content, conversation_id, companion_id, model } = send;
        const data = { client_message_id, content };
        if (conversation_id) data.conversation_id = conversation_id;
        else if (companion_id) data.companion_id = companion_id;
        if (model) data.model = model;
        send.offeredAt = Date.now();
        this.emit('message_send', data, { send });
    }

    // False when there is no connection; whatever must not be lost is said again when there is one.
    emit(type, data, about = null) {
        if (this.state !== 'online' || this.socket?.readyState !== 1) return false;
        const id = String(++this.frames);
        if (about) this.asked.set(id, about);
        if (this.asked.size > MOST_KEPT) this.asked.delete(this.asked.keys().next().value);
        this.socket.send(JSON.stringify({ type, id, data }));
        return true;
    }

    become(state) {
        this.state = state;
        if (state !== 'waiting') this.retryAt = null;
        this.tell('state', { state, retryAt: this.retryAt, attempts: this.attempts });
    }

    tell(type, detail) {
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
