// A Factorio server as its RCON clients see it, on a port of this machine: a world of players, their inventories and
// crafting queues, which the scripts of workers/providers/games/factorio.cpp read and change, and faults to order.

import net from 'node:net';

import { freePort } from '../system/process.mjs';

const RESPONSE = 0;
const COMMAND = 2;
const LOGIN = 3;
const LOGIN_RESPONSE = 2;

function packet(id, type, body) {
    const bytes = Buffer.alloc(14 + Buffer.byteLength(body));
    bytes.writeInt32LE(bytes.length - 4, 0);
    bytes.writeInt32LE(id, 4);
    bytes.writeInt32LE(type, 8);
    bytes.write(body, 12);
    return bytes;
}

// A literal of Lua as the adapter writes it.
const literal = String.raw`"((?:[^"\\]|\\.)*)"`;
const textOf = (lua) =>
    lua.replace(/\\(\d{3}|.)/g, (_, code) => (code.length === 3 ? String.fromCharCode(Number(code)) : code));

export class RconServer {
    static async start(options = {}) {
        return new RconServer({ port: await freePort(), ...options }).up();
    }

    // `swallows`: a new world warns that achievements end, in place of carrying out the first command.
    constructor({ port, password = 'rcon password', swallows = true }) {
        Object.assign(this, { port, password, swallows });
        this.players = new Map(); // by name: { inventory: Map, crafting: Map }
        this.said = [];
        this.scripts = []; // all that arrived, oldest first
        this.logins = 0;
        // The fault of the commands that match `pattern`: 'split': the answer comes byte by byte; 'endless': it
        // states a length of two gigabytes and goes on; 'cut': it is carried out, and the connection closes; 'silence'.
        this.fault = null;
        this.pattern = /./;
        this.sockets = new Set();
    }

    up() {
        this.server = net.createServer((socket) => this.serve(socket));
        return new Promise((resolve, reject) =>
            this.server.once('error', reject).listen(this.port, '127.0.0.1', () => resolve(this)),
        );
    }

    down() {
        this.cut();
        return new Promise((resolve) => this.server.close(resolve));
    }

    // Every connection breaks.
    cut() {
        for (const socket of this.sockets) socket.destroy();
    }

    join(name, items = {}) {
        const player = { inventory: new Map(Object.entries(items)), crafting: new Map() };
        this.players.set(name, player);
        return player;
    }

    serve(socket) {
        let bytes = Buffer.alloc(0);
        let known = false;
        this.sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', () => {});
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('data', (more) => {
            bytes = Buffer.concat([bytes, more]);
            while (bytes.length >= 4 && bytes.length >= bytes.readInt32LE(0) + 4) {
                const end = bytes.readInt32LE(0) + 4;
                const [id, type] = [bytes.readInt32LE(4), bytes.readInt32LE(8)];
                const body = bytes.toString('utf8', 12, end - 2);
                bytes = bytes.subarray(end);
                if (type === LOGIN) {
                    known = body === this.password;
                    this.logins += 1;
                    socket.write(packet(known ? id : -1, LOGIN_RESPONSE, ''));
                } else if (!known || type !== COMMAND) {
                    socket.destroy();
                } else {
                    this.take(socket, id, body);
                }
            }
        });
    }

    take(socket, id, script) {
        this.scripts.push(script);
        if (this.swallows) {
            this.swallows = false;
            return socket.write(packet(id, RESPONSE, ''));
        }
        const fault = this.pattern.test(script) ? this.fault : null;
        if (fault === 'silence') return undefined;
        const answer = packet(id, RESPONSE, `${this.run(script)}\n`);
        if (fault === 'cut') return socket.destroy();
        if (fault === 'split') return this.dribble(socket, answer);
        if (fault === 'endless') {
            answer.writeInt32LE(0x7fffffff, 0);
            setImmediate(() => this.flood(socket));
        }
        return socket.write(answer);
    }

    // Each byte leaves by itself, as the socket has passed on the one before.
    dribble(socket, bytes, at = 0) {
        const next = (error) => error || this.dribble(socket, bytes, at + 1);
        if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), next);
    }

    flood(socket) {
        socket.write(Buffer.alloc(4096, 'x'), (error) => error || setImmediate(() => this.flood(socket)));
    }

    // The text that the script prints.
    run(script) {
        if (script.includes('rcon.print("airi")')) return 'airi';
        if (script.includes('tick=game.tick')) return JSON.stringify(this.state());
        const said = new RegExp(String.raw`game\.print\(${literal}\)`).exec(script);
        if (said) {
            this.said.push(textOf(said[1]));
            return '{}';
        }
        const named = new RegExp(String.raw`game\.get_player\(${literal}\)`).exec(script);
        if (!named) return 'Cannot execute command. Error: unexpected symbol';
        const player = this.players.get(textOf(named[1]));
        if (!player) return '{"error":"NO_PLAYER"}';
        return JSON.stringify(this.change(player, script));
    }

    change({ inventory, crafting }, script) {
        const gift = new RegExp(String.raw`p\.insert\{name=${literal},count=(\d+)\}`).exec(script);
        const recipe = new RegExp(String.raw`p\.begin_crafting\{recipe=${literal},count=(\d+),`).exec(script);
        const [into, [, item, count]] = gift ? [inventory, gift] : [crafting, recipe ?? []];
        if (item === 'no-such-item') return { error: gift ? 'NO_ITEM' : 'NO_RECIPE' };
        if (item) {
            into.set(item, (into.get(item) ?? 0) + Number(count));
            return { count: Number(count) };
        }
        const stopped = crafting.size;
        crafting.clear();
        return { count: stopped };
    }

    state() {
        const players = [...this.players].map(([name, { inventory }]) => ({
            ...{ name, x: 1.5, y: -2, surface: 'nauvis', health: 250 },
            inventory: [...inventory].map(([item, count]) => ({ name: item, count })),
        }));
        return { tick: 60, players };
    }
}
