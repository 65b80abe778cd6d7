// Fan-out with `socket.io`: one Redis channel to a room. WebSocket transport, no compression; the room's adapter
// encodes a packet once for all of its sockets.
import { createServer } from 'node:http';
import { createVerifier } from 'fast-jwt';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const { PORT, REDIS_URL, CHANNEL, JWT_SECRET } = process.env;

const verify = createVerifier({ key: JWT_SECRET, algorithms: ['HS256'], cache: true });
const server = createServer();
const io = new Server(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
});

io.use((socket, next) => {
    try {
        verify(socket.handshake.auth.token ?? '');
        next();
    } catch {
        next(new Error('unauthorized'));
    }
});
io.on('connection', (socket) => socket.join(CHANNEL));

const redis = new Redis(REDIS_URL);
redis.on('message', (_, payload) => {
    const frame = JSON.parse(payload.slice(payload.indexOf('\n') + 1));
    io.to(CHANNEL).emit(frame.type, frame.data);
});
await redis.subscribe(CHANNEL);
server.listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'));
process.on('SIGTERM', () => process.exit(0));
