// In place of workers/gaming/bot/bot.mjs: passes its lines to the test that listens where the game would, and back.
import net from 'node:net';
import { createInterface } from 'node:readline';

let socket = null;
createInterface({ input: process.stdin })
    .on('line', (line) => {
        if (!socket) {
            const { host, port } = JSON.parse(line).join;
            socket = net.connect(port, host);
            socket.pipe(process.stdout);
            socket.on('close', () => process.exit(1));
            socket.on('error', () => process.exit(1));
        }
        socket.write(`${line}\n`);
    })
    .on('close', () => process.exit(0));
