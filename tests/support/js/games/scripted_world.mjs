// A game as a test wants it, behind the protocol of workers/gaming/bot: who joins, what is asked of them, and what
// happens there.
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { eventually } from '../system/wait.mjs';

export const relayBot = path.join(path.dirname(fileURLToPath(import.meta.url)), 'relay_bot.mjs');

// A companion in the world.
class Visitor {
    constructor(world, socket) {
        Object.assign(this, { world, socket, name: null, commands: [], stops: 0, gone: false });
        const lines = createInterface({ input: socket });
        lines.on('line', (line) => this.take(JSON.parse(line)));
        socket.on('close', () => (this.gone = true));
        for (const one of [socket, lines]) one.on('error', () => {}); // a killed bot resets its connection
    }

    tell(line) {
        this.socket.write(`${JSON.stringify(line)}\n`);
    }

    take({ join, command, owner, stop, leave }) {
        if (join) {
            this.name = join.username;
            this.join = join;
            this.owner = join.owner;
            this.tell(this.world.refuses ? { left: { reason: this.world.refuses } } : { joined: { players: [] } });
            if (this.world.refuses) this.socket.end();
        }
        if (command) {
            this.commands.push({ ...command, at: performance.now() });
            const result = this.world.answer(command);
            if (result) this.end(command, result);
        }
        if (owner) this.owner = owner.name;
        if (stop) {
            this.stops += 1;
            for (const one of this.commands.filter(({ ended }) => !ended)) this.end(one, { outcome: 'stopped' });
        }
        if (leave) this.socket.end();
    }

    end(command, { outcome = 'done', error = '', detail = {}, blocks = 0 } = {}) {
        const known = this.commands.find(({ id }) => id === command.id);
        known.ended = true;
        this.tell({ result: { id: command.id, outcome, error, detail, blocks } });
    }

    chat(player, text) {
        this.tell({ chat: { player, text, whisper: false } });
    }

    // The commands of a verb so far.
    of(verb) {
        return this.commands.filter((one) => one.verb === verb);
    }

    said() {
        return this.of('say').map((one) => one.arguments.text);
    }
}

export class World {
    static async start() {
        const world = new World();
        await new Promise((resolve) => world.server.listen(0, '127.0.0.1', resolve));
        world.port = world.server.address().port;
        return world;
    }

    constructor() {
        this.visitors = [];
        this.refuses = null; // the reason why nobody may join
        this.answer = () => ({}); // the result of a command; null: later, by the visitor's end()
        this.server = net.createServer((socket) => this.visitors.push(new Visitor(this, socket)));
    }

    // The newest companion of that name, in the game.
    visitor(name) {
        return eventually(`${name} joins`, () => this.visitors.findLast((one) => one.name === name && !one.gone));
    }

    stop() {
        for (const { socket } of this.visitors) socket.destroy();
        this.server.close();
    }
}
