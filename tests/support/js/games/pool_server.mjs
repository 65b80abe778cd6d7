// A server of a pool, as GAME_POOL_COMMAND runs it: answers Minecraft's server list ping on PORT, and passes the lines
// of relay_bot.mjs on to the test's world, whose port is its argument. It ends with the test, which a connection of its
// own shows; there it says its ids and port, and takes {"mute": true}, after which no ping is answered.
import net from 'node:net';

const { PORT, AIRI_SERVER_ID: id, AIRI_SERVER_POOL: pool } = process.env;
const [, , worldPort, controlPort] = process.argv;
let mute = false;

const varint = (value) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)]);

// A packet of id 0 with a text; the length of each stands before it.
function status() {
    const text = Buffer.from(JSON.stringify({ version: { name: '1.20.2', protocol: 764 }, players: { max: 5 } }));
    const body = Buffer.concat([Buffer.from([0, ...varint(text.length)]), text]);
    return Buffer.concat([Buffer.from(varint(body.length)), body]);
}

const server = net.createServer((socket) => {
    socket.on('error', () => {});
    let asked = Buffer.alloc(0);
    const take = (part) => {
        asked = Buffer.concat([asked, part]);
        if (asked[0] === 0x7b) {
            socket.off('data', take);
            const world = net.connect(Number(worldPort), '127.0.0.1');
            world.on('error', () => socket.destroy()).on('close', () => socket.destroy());
            world.write(asked);
            socket.pipe(world).pipe(socket);
        } else if (!mute && asked.length >= asked[0] + 3 && asked.subarray(-2).equals(Buffer.from([1, 0]))) {
            socket.end(status());
        }
    };
    socket.on('data', take);
});
server.listen(Number(PORT), '127.0.0.1', () => {
    const control = net.connect(Number(controlPort), '127.0.0.1');
    control.on('error', () => {}).on('close', () => process.exit(0));
    control.on('data', () => (mute = true));
    control.write(`${JSON.stringify({ id, pool, port: Number(PORT), pid: process.pid })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
