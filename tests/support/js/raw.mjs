// Requests and frames that no library would send: bytes over TCP, paths as given, any source address of the loopback
// network.

import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';

import WebSocket from 'ws';

import { readFrame } from './frames.mjs';
import { eventually } from './system/wait.mjs';

const keepAlive = new Map();

// One request; the path is sent as it is. `from` is the client's address (127.0.0.x).
export function ask(port, { method = 'GET', path = '/', headers = {}, body, token, from, json } = {}) {
    if (json !== undefined) body = JSON.stringify(json);
    const all = { ...(body !== undefined ? { 'Content-Type': 'application/json' } : {}), ...headers };
    if (body !== undefined) all['Content-Length'] = Buffer.byteLength(body);
    if (token) all.Authorization = `Bearer ${token}`;
    if (!keepAlive.has(from)) keepAlive.set(from, new http.Agent({ keepAlive: true, maxSockets: 50 }));
    const options = {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: all,
        localAddress: from,
        agent: keepAlive.get(from),
        timeout: 45_000,
    };
    return new Promise((resolve, reject) => {
        const request = http.request(options, (answer) => {
            const pieces = [];
            answer.on('data', (piece) => pieces.push(piece));
            answer.on('error', reject);
            answer.on('end', () => {
                const text = Buffer.concat(pieces).toString();
                resolve({ status: answer.statusCode, headers: answer.headers, text, json: parsed(text) });
            });
        });
        request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${path}`)));
        request.on('error', reject);
        request.end(body);
    });
}

function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}

export const close = () => keepAlive.forEach((agent) => agent.destroy());

// Asserts the status and code of a rejection, and that its message names the fault.
export function rejected(answer, status, code, naming) {
    const summary = `${answer.status} ${answer.text ?? ''}`;
    assert.equal(answer.status, status, summary);
    const { error } = answer.json ?? {};
    if (code) assert.equal(error?.code, code, summary);
    assert.ok(error?.message?.length > 3, `an error has a message: ${summary}`);
    if (naming) assert.match(JSON.stringify(error), naming);
}

// A TCP connection. Received data is collected in `bytes`.
export class Raw {
    constructor(port, { from } = {}) {
        this.bytes = Buffer.alloc(0);
        this.ended = false;
        this.socket = net.connect({ host: '127.0.0.1', port, localAddress: from, noDelay: true });
        this.socket.on('data', (piece) => (this.bytes = Buffer.concat([this.bytes, piece])));
        this.socket.on('error', () => {});
        this.socket.on('close', () => (this.ended = true));
        this.opened = new Promise((resolve) => {
            this.socket.once('connect', () => resolve(true));
            this.socket.once('close', () => resolve(false));
        });
    }

    send(bytes) {
        this.socket.write(bytes);
        return this;
    }

    get text() {
        return this.bytes.toString('latin1');
    }

    // Everything received until the other side closed.
    async end(within = 15_000) {
        await eventually('the connection ends', () => this.ended, {
            within,
            describe: () => this.text.slice(-300),
        });
        return this.text;
    }

    // Waits for so many responses; returns all so far, each {status, headers, json}.
    async answers(count = 1, within = 15_000) {
        return eventually(
            `${count} answers`,
            () => {
                const all = split(this.bytes);
                return all.length >= count && all;
            },
            { within, describe: () => this.text.slice(0, 600) },
        );
    }

    async answer(within) {
        return (await this.answers(1, within))[0];
    }

    destroy() {
        this.socket.destroy();
    }
}

function split(bytes) {
    const out = [];
    for (let at = 0; ;) {
        const end = bytes.indexOf('\r\n\r\n', at);
        if (end < 0) return out;
        const [first, ...lines] = bytes.toString('latin1', at, end).split('\r\n');
        const headers = Object.fromEntries(
            lines.map((line) => [
                line.slice(0, line.indexOf(':')).toLowerCase(),
                line.slice(line.indexOf(':') + 1).trim(),
            ]),
        );
        const status = Number(first.split(' ')[1]);
        const length =
            status === 101 || status === 100 || status === 204 || status === 304
                ? 0
                : Number(headers['content-length'] ?? 0);
        if (bytes.length < end + 4 + length) return out;
        const text = bytes.toString('utf8', end + 4, end + 4 + length);
        out.push({ status, headers, text, json: parsed(text) });
        at = end + 4 + length;
        if (status === 101) return out;
    }
}

// The response to these bytes, after which the connection must end.
export async function askRaw(port, bytes, options) {
    const raw = new Raw(port, options);
    try {
        return await raw.send(bytes).answer();
    } finally {
        raw.destroy();
    }
}

// A WebSocket whose frames are built by hand. `close` is {code, reason} once the server has sent it.
export class RawSocket extends Raw {
    static async open(port, token, options) {
        const raw = new RawSocket(port, options);
        raw.send(
            `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
                `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
                `Authorization: Bearer ${token}\r\n\r\n`,
        );
        const answer = await raw.answer();
        assert.equal(answer.status, 101, raw.text);
        raw.bytes = raw.bytes.subarray(raw.bytes.indexOf('\r\n\r\n') + 4);
        return raw;
    }

    // `first` is the byte of FIN, reserved bits and opcode.
    frame(first, payload = '', { masked = true } = {}) {
        return this.send(frameOf(first, payload, { masked }));
    }

    // The frames so far: {opcode, payload}.
    get frames() {
        const out = [];
        for (let at = 0; at + 2 <= this.bytes.length;) {
            let length = this.bytes[at + 1] & 127;
            let head = 2;
            if (length === 126) [length, head] = [this.bytes.readUInt16BE(at + 2), 4];
            else if (length === 127) [length, head] = [Number(this.bytes.readBigUInt64BE(at + 2)), 10];
            if (at + head + length > this.bytes.length) break;
            out.push({
                opcode: this.bytes[at] & 15,
                payload: this.bytes.subarray(at + head, at + head + length),
            });
            at += head + length;
        }
        return out;
    }

    async closeCode(within = 15_000) {
        const frame = await eventually('a close frame', () => this.frames.find((one) => one.opcode === 8), {
            within,
        });
        return frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : null;
    }
}

export function frameOf(first, payload = '', { masked = true } = {}) {
    const data = Buffer.from(payload);
    const mask = masked ? 0x80 : 0;
    const head = [first];
    if (data.length < 126) head.push(mask | data.length);
    else if (data.length < 65_536) head.push(mask | 126, data.length >> 8, data.length & 255);
    else head.push(mask | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((by) => (data.length >> by) & 255));
    // A mask of zeros leaves the payload as it is.
    return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), data]);
}

// A socket of the ws library with functions that wait for frames; `code` is its close code.
export class Wire {
    static #all = new Set();

    // The end of every socket that a test has left open: the next test counts connections too.
    static closeAll() {
        for (const wire of Wire.#all) wire.socket.terminate();
        Wire.#all.clear();
    }

    static async open(port, token, options = {}) {
        const wire = new Wire(port, token, options);
        await eventually('a WebSocket opens', () => wire.socket.readyState === WebSocket.OPEN || wire.rejection);
        assert.equal(wire.rejection, undefined, `the handshake was rejected with ${wire.rejection?.status}`);
        return wire;
    }

    // The rejection of a handshake that must fail.
    static async rejection(port, token, options = {}) {
        const wire = new Wire(port, token, options);
        const refusal = await eventually(
            'a handshake is rejected',
            () => wire.rejection || wire.socket.readyState === WebSocket.OPEN,
        );
        wire.socket.terminate();
        assert.ok(refusal.status, 'the handshake must fail');
        return refusal;
    }

    constructor(port, token, { path = '/ws', protocols = [], from, ...options }) {
        Wire.#all.add(this);
        this.frames = [];
        this.code = null;
        const headers = { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...options.headers };
        this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, {
            ...options,
            headers,
            localAddress: from,
        });
        this.socket.on('message', (data) => this.frames.push(readFrame(data)));
        this.socket.on('error', () => {});
        this.socket.on('close', (code, reason) => ([this.code, this.reason] = [code, reason.toString()]));
        this.socket.on('unexpected-response', (_, answer) => {
            const pieces = [];
            answer.on('data', (piece) => pieces.push(piece));
            answer.on('end', () => {
                const text = Buffer.concat(pieces).toString();
                this.rejection = {
                    status: answer.statusCode,
                    headers: answer.headers,
                    text,
                    json: parsed(text),
                };
            });
        });
    }

    send(type, data, id = crypto.randomUUID()) {
        this.socket.send(JSON.stringify({ type, id, data }));
        return id;
    }

    // The first frame, received already or later, for which this holds.
    receive(what, holds, within = 15_000) {
        return eventually(what, () => this.frames.find(holds), {
            within,
            describe: () => this.frames.slice(-5),
        });
    }

    // The response to a frame: the one with its id, or the error that refers to it.
    async reply(type, data) {
        const id = this.send(type, data);
        return this.receive(`a response to ${type}`, (frame) => frame.id === id || frame.data?.ref === id);
    }

    async closed(within = 15_000) {
        await eventually('the WebSocket is closed', () => this.code !== null, { within });
        return this.code;
    }

    end() {
        this.socket.terminate();
    }
}

// --- tokens, made by hand

const base64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
export const kidOf = (secret) => createHash('sha256').update(`airi key id ${secret}`).digest('hex').slice(0, 12);
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

// A token with that header and those claims, signed with `secret`.
export function signed(secret, claims, header = {}, hash = 'sha256') {
    const head = { alg: 'HS256', kid: kidOf(secret), typ: 'at+jwt', ...header };
    const text = `${base64(head)}.${base64(claims)}`;
    return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
}
