// Stripe for the contenders: the objects of bench/lib/stripe.mjs, ready as bytes.
import { createServer } from 'node:http';

import { objects, version } from '../lib/stripe.mjs';

const answers = new Map([...objects()].map(([path, text]) => [path, Buffer.from(text)]));
const missing = Buffer.from('{"error":{"type":"invalid_request_error","code":"resource_missing"}}');

const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const found = answers.get(request.url);
    const body = found ?? missing;
    response.writeHead(found ? 200 : 404, {
        'Content-Type': 'application/json',
        'Content-Length': body.length,
        'Request-Id': 'req_bench',
        'Stripe-Version': version,
    });
    response.end(body);
});
server.listen(Number(process.env.PORT), '127.0.0.1', 4096, () => console.log('ready'));
process.on('SIGTERM', () => process.exit(0));
