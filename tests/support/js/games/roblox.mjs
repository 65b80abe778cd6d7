// A stand-in for the messaging of Roblox's Open Cloud on a port of this machine: what is published, in its wire format,
// and faults to order.

import http from 'node:http';

export class Roblox {
    static async start() {
        const roblox = new Roblox();
        await new Promise((resolve) => roblox.server.listen(0, '127.0.0.1', resolve));
        return roblox;
    }

    constructor() {
        this.universe = '3828411582';
        this.key = crypto.randomUUID();
        this.messages = []; // of the topic airi, parsed
        // The faults of the next requests, in their order: the status of the answer, or 'lost': the message is taken
        // and its answer lost.
        this.faults = [];
        this.server = http.createServer((request, answer) => this.handle(request, answer));
    }

    get env() {
        return { ROBLOX_API_KEY: this.key, ROBLOX_BASE_URL: `http://127.0.0.1:${this.server.address().port}` };
    }

    stop() {
        this.server.closeAllConnections();
        this.server.close();
    }

    async handle(request, answer) {
        let text = '';
        for await (const piece of request) text += piece;
        const end = (status, headers = {}) => answer.writeHead(status, headers).end();
        const fault = this.faults.shift();
        if (fault === 429) return end(429, { 'Retry-After': '1' });
        if (Number.isInteger(fault)) return end(fault);
        if (request.headers['x-api-key'] !== this.key) return end(401);
        if (request.method !== 'POST' || request.url !== `/cloud/v2/universes/${this.universe}:publishMessage`)
            return end(404);
        const { topic, message } = JSON.parse(text);
        if (topic !== 'airi' || message.length > 1024) return end(400);
        this.messages.push(JSON.parse(message));
        return fault === 'lost' ? request.socket.destroy() : end(200);
    }
}
