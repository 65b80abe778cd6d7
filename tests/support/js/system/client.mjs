// A WebSocket client that follows the protocol: sends messages, reconnects to any gateway with the last position it has
// seen, and records what it saw of each generation. It notes every breach of the protocol in `faults`.

import WebSocket from 'ws';

import { readFrame } from '../frames.mjs';
import { eventually, pause } from './wait.mjs';

const ends = new Map([
    ['message_complete', 'completed'],
    ['message_rejected', 'rejected'],
    ['message_failed', 'failed'],
    ['message_cancelled', 'cancelled'],
]);

// A message of this client and the frames of its generation.
class Sent {
    constructor(order) {
        this.order = order;
        this.sentAt = Date.now();
        this.acceptedAt = null;
        this.ids = null; // of message_accepted
        this.epoch = 0;
        this.offset = -1;
        this.text = '';
        this.epochs = []; // {epoch, text, by}: how each one began
        this.restarts = 0;
        this.held = null; // the reason why a person reviews it
        this.snapshots = 0;
        this.deltas = 0;
        this.end = null; // {state, at, message, code, reason}
        this.rejected = null; // an error frame in place of message_accepted
        this.seen = []; // the last frames, for a report
    }

    get ended() {
        return this.end !== null;
    }

    // When the text of that epoch (or a later one) began to arrive.
    epochAt(epoch) {
        return this.epochs.find((one) => one.epoch >= epoch)?.at;
    }
}

export class Client {
    // `gateways`: names, tried in turn after each loss of the connection.
    constructor(system, user, { gateways = ['gateway-1'] } = {}) {
        this.system = system;
        this.user = user;
        this.gateways = gateways;
        this.turn = 0;
        this.sent = new Map(); // by client_message_id
        this.byGeneration = new Map();
        this.faults = [];
        this.troubles = []; // errors, and connections that ended without notice: none of them a breach of the protocol
        this.others = []; // frames of no generation
        this.reconnects = 0;
        this.connecting = false;
        this.socket = null;
    }

    async connect() {
        this.connecting = true;
        this.open();
        await eventually('a WebSocket opens', () => this.socket?.readyState === WebSocket.OPEN);
        return this;
    }

    open() {
        const url = this.system.url(this.gateways[this.turn % this.gateways.length]).replace('http', 'ws');
        const socket = new WebSocket(`${url}/ws`, { headers: { Authorization: `Bearer ${this.user.token}` } });
        this.socket = socket;
        socket.on('open', () => this.resumeAll());
        socket.on('message', (data) => this.received(readFrame(data)));
        socket.on('error', () => {});
        socket.on('close', (code) => this.lost(socket, code));
    }

    lost(socket, code) {
        if (socket !== this.socket || !this.connecting) return;
        if (!socket.announced) this.troubles.push(`a connection ended with ${code}`);
        this.reconnects += 1;
        this.turn += 1;
        setTimeout(() => this.connecting && this.open(), 100);
    }

    // Continues after a reconnect: acknowledged messages are resumed, others are sent again under the same id.
    resumeAll() {
        for (const one of this.sent.values()) {
            if (one.ended || one.rejected) continue;
            if (one.ids) this.resume(one);
            else this.write('message_send', one.order, one.order.client_message_id);
        }
    }

    resume(one) {
        this.write(
            'resume',
            { generation_id: one.ids.generation_id, epoch: one.epoch, offset: one.offset },
            one.order.client_message_id,
        );
    }

    // Frames are queued here when they exceed a gateway's rate per socket (50 a second, 200 at once).
    write(type, data, id) {
        const { socket } = this;
        if (socket?.readyState !== WebSocket.OPEN) return;
        const { mark, ...fields } = data;
        const now = Date.now();
        socket.free = Math.max(socket.free ?? now - 3000, now - 3000) + 25;
        const send = () =>
            socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ type, id, data: fields }));
        if (socket.free <= now) send();
        else setTimeout(send, socket.free - now);
    }

    // Sends, at most at a gateway's frame rate; the returned object records the response.
    async send(order) {
        const one = new Sent(order);
        this.sent.set(order.client_message_id, one);
        this.system.secrets.add(order.mark);
        this.write('message_send', order, order.client_message_id);
        return one;
    }

    async sendAll(orders, { every = 0 } = {}) {
        const out = [];
        for (const order of orders) {
            out.push(await this.send(order));
            if (every) await pause(every);
        }
        return out;
    }

    cancel(one) {
        this.write('message_cancel', { generation_id: one.ids.generation_id });
    }

    drop() {
        this.socket.terminate();
    }

    close() {
        this.connecting = false;
        this.socket?.terminate();
    }

    get all() {
        return [...this.sent.values()];
    }

    // --- received frames

    received(frame) {
        const { type, data } = frame;
        if (type === 'message_accepted') return this.accepted(frame);
        if (type === 'error') return this.error(frame);
        if (type === 'reconnect') {
            this.reconnectNotice = data;
            const { socket } = this;
            socket.announced = true;
            setTimeout(() => this.connecting && socket.close(), data.after_ms);
            return;
        }
        const one = data?.generation_id && this.byGeneration.get(data.generation_id);
        if (type === 'resumed') {
            if (one) {
                one.recovered = data.recovered;
                one.afresh = !data.recovered;
            }
            return;
        }
        if (!data?.generation_id || data.epoch === undefined) return void this.others.push(frame);
        if (!one) return void this.others.push(frame);
        this.follow(one, frame);
    }

    accepted({ data }) {
        const one = this.sent.get(data.client_message_id);
        if (!one) return this.fault(null, `accepted a message that was never sent: ${data.client_message_id}`);
        if (one.ids && one.ids.generation_id !== data.generation_id) this.fault(one, 'accepted under another id');
        one.ids = data;
        one.acceptedAt ??= Date.now();
        one.rejected = null;
        this.byGeneration.set(data.generation_id, one);
    }

    error({ data }) {
        this.troubles.push(`${data.code}: ${data.message}`);
        const one = data.ref && this.sent.get(data.ref);
        if (!one) {
            if (data.code === 'RATE_LIMITED') this.fault(null, 'frames were rate-limited');
            return void this.others.push({ type: 'error', data });
        }
        // Accepted by a gateway that is gone, and not stored yet: sending it again names the same generation.
        if (one.ids && data.code === 'NOT_FOUND')
            return this.write('message_send', one.order, one.order.client_message_id);
        if (one.ids) {
            // The resumption failed because a server is down: retried.
            setTimeout(() => !one.ended && this.connecting && this.resume(one), 300);
            return;
        }
        one.rejected = data;
    }

    follow(one, { type, data }) {
        const { epoch, offset } = data;
        one.seen.push(`${type} ${epoch}.${offset}`);
        if (one.seen.length > 12) one.seen.shift();
        if (one.ended) {
            // A worker that repairs a lost stream publishes the end again; a new connection has not sent it yet.
            const repeated = ends.has(type) && epoch === one.epoch && offset === one.offset;
            if (repeated && one.connection !== this.reconnects) return;
            return this.fault(one, `${type} after the end`);
        }
        if (data.message_id !== one.ids.reply_id && type !== 'message_rejected')
            this.fault(one, `${type} of another reply`);
        const newer = epoch > one.epoch;
        // On a new connection, or after `recovered: false`, a frame that needs no predecessor replaces what was seen,
        // at whatever position.
        const afresh = (one.afresh || one.connection !== this.reconnects) && type !== 'message_delta';
        if (afresh) one.afresh = false;
        one.connection = this.reconnects;
        if (!newer && !afresh && (epoch < one.epoch || offset <= one.offset))
            this.fault(one, `${type} ${epoch}.${offset} again`);
        if (type === 'message_delta') {
            if (newer) this.fault(one, `a delta began epoch ${epoch}`);
            else if (offset !== one.offset + 1)
                this.fault(one, `a gap: ${one.offset} then ${offset} in epoch ${epoch}`);
            one.deltas += 1;
            one.text += data.content;
        } else if (type === 'message_start' || type === 'message_restart') {
            if (offset !== 0) this.fault(one, `${type} at offset ${offset}`);
            if (type === 'message_restart') one.restarts += 1;
            else if (epoch !== 1) this.fault(one, `message_start of epoch ${epoch}`);
            one.text = '';
        } else if (type === 'message_snapshot') {
            one.snapshots += 1;
            const grew = data.content.startsWith(one.text) || (afresh && one.text.startsWith(data.content));
            if (!newer && !grew) this.fault(one, 'a snapshot changed the text of its epoch');
            one.text = data.content;
        } else if (type === 'message_held') {
            if (epoch !== 0) this.fault(one, `message_held in epoch ${epoch}`);
            one.held = data.reason;
        } else if (ends.has(type)) {
            if (newer) one.text = ''; // cancelled before a piece of its epoch was sent
            one.end = {
                state: ends.get(type),
                at: Date.now(),
                epoch,
                message: data.message,
                code: data.code,
                reason: data.reason,
            };
        } else {
            this.fault(one, `unknown frame ${type}`);
        }
        if (one.epochs.at(-1)?.epoch !== epoch) one.epochs.push({ epoch, at: Date.now(), by: type, text: '' });
        one.epochs.at(-1).text = one.text;
        one.epoch = epoch;
        one.offset = offset;
    }

    fault(one, what) {
        this.faults.push(`${one?.ids?.generation_id ?? '-'}: ${what}${one ? ` (${one.seen.join(', ')})` : ''}`);
    }
}

// `count` messages, each in a conversation of its own unless one is given; `script` is for the stub provider.
export function orders(count, { script = '', conversation, model, prefix } = {}) {
    return Array.from({ length: count }, () => {
        const mark = `${prefix ?? 'canary'}${crypto.randomUUID().replaceAll('-', '')}`;
        const order = { client_message_id: crypto.randomUUID(), content: `${mark} [[stub ${script} id=${mark}]]` };
        if (conversation) order.conversation_id = conversation;
        if (model) order.model = model;
        order.mark = mark;
        return order;
    });
}
