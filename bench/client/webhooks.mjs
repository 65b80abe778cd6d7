// Sends Stripe's events with their signatures over keep-alive connections, one at a time on each, as fast as they are
// acknowledged:
//   webhooks.mjs --to <address> --path <path> --events <n> --warmup <n> --connections <n>
// Signs all of them before the first is sent. The first `warmup` of them are not measured.
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';

import { eventTexts } from '../lib/stripe.mjs';

const string = { type: 'string' };
const { values } = parseArgs({
    options: { to: string, path: string, events: string, warmup: string, connections: string },
});
const [events, warmup, connections] = [values.events, values.warmup, values.connections].map(Number);
const [host, port] = values.to.split(':');

const textOf = eventTexts();
const run = Date.now().toString(36);
const idOf = (i) => `evt_bench${run}x${i}`;
const at = Math.floor(Date.now() / 1000);
const signatures = Array.from({ length: events }, (_, i) =>
    createHmac('sha256', process.env.STRIPE_WEBHOOK_SECRET)
        .update(`${at}.${textOf(i, idOf(i))}`)
        .digest('hex'),
);

function requestOf(i) {
    const body = textOf(i, idOf(i)); // ASCII
    return (
        `POST ${values.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=utf-8\r\n` +
        `Stripe-Signature: t=${at},v1=${signatures[i]}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    );
}

// The status of a complete response; undefined: bytes are missing.
function statusOf(text) {
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))[1]);
    return text.length < end + 4 + length ? undefined : Number(text.slice(9, 12));
}

let [sent, answered, begun] = [0, 0, performance.now()];
const times = [];

function took(since) {
    const now = performance.now();
    if (++answered === warmup) begun = now;
    else if (answered > warmup) times.push(now - since);
}

// Resolves when no event is left; another status than 200 ends everything.
function sendOver() {
    return new Promise((done, failed) => {
        const socket = connect({ host, port: Number(port), noDelay: true });
        let [received, since] = ['', 0];
        const next = () => {
            if (sent === events) return void socket.end(done);
            since = performance.now();
            socket.write(requestOf(sent++), 'latin1');
        };
        socket.once('connect', next);
        socket.once('error', failed);
        socket.once('close', () => failed(new Error('the connection was closed')));
        socket.on('data', (bytes) => {
            received += bytes.latin1Slice();
            const status = statusOf(received);
            if (status === undefined) return;
            if (status !== 200) return void failed(new Error(received));
            received = '';
            took(since);
            next();
        });
    });
}

await Promise.all(Array.from({ length: connections }, sendOver));
const seconds = (performance.now() - begun) / 1000;
times.sort((a, b) => a - b);
const percentile = (share) => times[Math.floor((times.length - 1) * share)];
console.log(
    JSON.stringify({
        per_second: (events - warmup) / seconds,
        acknowledged: { p50: percentile(0.5), p99: percentile(0.99) },
    }),
);
