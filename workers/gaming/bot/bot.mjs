#!/usr/bin/env node
// A bot in a Minecraft server: one process a session, driven by lines of JSON on stdin (README.md).

import { player } from './checks.mjs';
import { diagnose, LineReader, redirectConsole, write } from './lines.mjs';

redirectConsole();

let session = null;
let left = false;

// Says why it has left and exits: 0 when it was told to leave.
function leave(reason, text) {
    if (left) return;
    left = true;
    write({ left: { reason, text } });
    process.exit(reason === 'ended' ? 0 : 1);
}

const fault = (text) => write({ fault: text });

function readJoin({ host, port, version = null, username, owner = null, seconds = 20 }) {
    const good =
        typeof host === 'string' &&
        /^[A-Za-z0-9.:_-]{1,253}$/.test(host) &&
        Number.isInteger(port) &&
        port >= 1 &&
        port <= 65535 &&
        (version === null || (typeof version === 'string' && /^[\w.-]{1,32}$/.test(version))) &&
        Number.isFinite(seconds) &&
        seconds > 0 &&
        seconds <= 120;
    if (!good) throw new Error('join has a host, a port, a version or null, a username, an owner or null');
    if (owner !== null) player(owner);
    return { host, port, version, username: player(username), owner, seconds };
}

// mineflayer is loaded only now: a bad first line is answered at once.
async function join(given) {
    if (session) return fault('it has joined before');
    const checked = readJoin(given);
    session = { leave: () => leave('ended', '') }; // while it loads
    const { Session } = await import('./session.mjs');
    if (left) return;
    session = new Session(checked, write, leave);
    await session.begin();
}

function command(given) {
    const { id } = given;
    if (typeof id !== 'string' || id.length > 128) return fault('a command has an id, a text');
    if (session?.commands) return session.commands.begin(given);
    write({ result: { id, outcome: 'failed', error: 'NOT_JOINED', detail: {}, blocks: 0 } });
}

function changeOwner({ name = null }) {
    try {
        if (name !== null) player(name);
        session?.commands?.changeOwner(name);
    } catch (error) {
        fault(error.message);
    }
}

const messages = {
    join: (given) =>
        join(given).catch((error) => (session ? leave('unreachable', error.message) : fault(error.message))),
    command,
    owner: changeOwner,
    stop: () => session?.commands?.stop(),
    leave: () => (session ? session.leave() : leave('ended', '')),
};

function take(message) {
    const [[kind, value], more] = [Object.entries(message)[0] ?? [], Object.keys(message).length > 1];
    if (more || !Object.hasOwn(messages, kind)) return fault('a line has one of join, command, owner, stop, leave');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fault(`${kind} is not an object`);
    messages[kind](value);
}

// A server may send anything: what the libraries do not take ends the stay.
function broken(error) {
    diagnose('error', error?.stack ?? error);
    leave(session?.commands ? 'disconnected' : 'unreachable', 'the server sends what cannot be read');
}
process.on('uncaughtException', broken);
process.on('unhandledRejection', broken);

const reader = new LineReader(take, fault);
process.stdin.on('data', (data) => reader.feed(data));
process.stdin.on('end', () => messages.leave());
process.stdin.on('error', () => messages.leave());
process.stdout.on('error', () => process.exit(1)); // the worker is gone
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => messages.leave());
