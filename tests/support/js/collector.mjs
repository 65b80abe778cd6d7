// A substitute for a collector of traces: takes OTLP/HTTP in JSON, and answers as the test sets.

import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import { pythonWith } from '../../e2e/python.mjs';

export class Collector {
    constructor() {
        this.bodies = [];
        this.headers = [];
        this.refusals = []; // the statuses of the next answers
        this.hangs = false; // takes requests and does not answer
        this.server = createServer((request, response) => {
            let body = '';
            request.on('data', (piece) => (body += piece));
            request.on('end', () => this.answer(request, response, body));
        });
    }

    answer(request, response, body) {
        if (this.hangs) return;
        const status = request.url === '/v1/traces' ? (this.refusals.shift() ?? 200) : 404;
        if (status === 200) {
            this.bodies.push(body);
            this.headers.push(request.headers);
        }
        response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
    }

    async start() {
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    stop() {
        this.server.closeAllConnections();
        this.server.close();
    }

    // All spans so far, decoded by OpenTelemetry's own messages.
    spans() {
        const script = fileURLToPath(new URL('../../e2e/check_traces.py', import.meta.url));
        const input = this.bodies.map((body) => `${body}\n`).join('');
        const done = spawnSync(pythonWith('traces_requirements.txt'), [script], {
            input,
            encoding: 'utf8',
            maxBuffer: 2 ** 28,
        });
        if (done.status !== 0) throw new Error(done.stderr);
        return JSON.parse(done.stdout);
    }
}
