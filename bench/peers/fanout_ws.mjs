// Fan-out with npm `ws`: one Redis channel to all sockets. Compression is off, a frame is encoded once, and a reader
// that falls a MiB behind is disconnected, as in airi. CORK=yes also collects the frames of one turn of the event loop
// and writes them together, which needs the socket below `ws`.
import { createServer } from 'node:http';
import { createVerifier } from 'fast-jwt';
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';

const { PORT, REDIS_URL, CHANNEL, JWT_SECRET, CORK } = process.env;
const slow = 1024 * 1024;

const verify = createVerifier({ key: JWT_SECRET, algorithms: ['HS256'], cache: true });
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: true });
const server = createServer((_, answer) => answer.writeHead(404).end());

server.on('upgrade', (request, socket, head) => {
    try {
        verify((request.headers.authorization ?? '').slice('Bearer '.length));
    } catch {
        return socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    }
    sockets.handleUpgrade(request, socket, head, (one) => one.on('error', () => one.terminate()));
});

let corked = null;

function cork() {
    corked = [...sockets.clients].map((one) => one._socket);
    for (const one of corked) one.cork();
    setImmediate(() => {
        for (const one of corked) one.uncork();
        corked = null;
    });
}

const redis = new Redis(REDIS_URL);
redis.on('messageBuffer', (_, payload) => {
    if (CORK === 'yes' && !corked) cork();
    const frame = payload.subarray(payload.indexOf(0x0a) + 1);
    for (const one of sockets.clients) {
        if (one.readyState !== one.OPEN) continue;
        if (one.bufferedAmount > slow) one.terminate();
        else one.send(frame, { binary: false });
    }
});
await redis.subscribe(CHANNEL);
server.listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'));
process.on('SIGTERM', () => process.exit(0));
