// Bad HTTP and bad connections: each gets an error or is closed, and a well-behaved user is served as before.

import assert from 'node:assert/strict';
import net from 'node:net';

import { eventually } from '../support/js/system/wait.mjs';
import { withBystander, connectionsPerAddress } from '../support/js/bystander.mjs';
import { ask, askRaw, Raw, rejected } from '../support/js/raw.mjs';

const bad = withBystander();

const request = (first, lines = 'Host: a\r\n', body = '') => `${first} HTTP/1.1\r\n${lines}\r\n${body}`;
const post = (lines, body) =>
    request('POST /api/v1/auth/login', `Host: a\r\nContent-Type: application/json\r\n${lines}`, body);

async function gauge(system, name) {
    const { text } = await ask(system.program('gateway-1').adminPort, { path: '/metrics' });
    return Number(text.match(new RegExp(`^${name}(?:\\{\\})? (\\S+)$`, 'm'))?.[1] ?? NaN);
}

bad('a malformed header is rejected and closes the connection', async ({ port }) => {
    const cases = [
        ['GET /\r\n\r\n', 400],
        ['rubbish\r\n\r\n', 400],
        ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n', 400],
        ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
        ['GET / HTTP/3.0\r\nHost: a\r\n\r\n', 505],
        ['GET / HTTP/1.1\nHost: a\n\n', 400],
        ['GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
        [request('GET /', ''), 400],
        [request('GET /', 'Host: a\r\nHost: b\r\n'), 400],
        [request('GET /', 'Host: a/b\r\n'), 400],
        [request('GET /', 'Host:\r\n'), 400],
        [request('GET /', 'Host: a\r\nX y: 1\r\n'), 400],
        [request('GET /', 'Host: a\r\nX : 1\r\n'), 400],
        [request('GET /', 'Host: a\r\n X: folded\r\n'), 400],
        [request('GET /', 'Host: a\r\nX: a\0b\r\n'), 400],
        [request('GET /', 'Host: a\r\nX: a\x01b\r\n'), 400],
        [request('GET /', 'Host: a\r\nX: \xff\xfe\r\n'), 400],
        [request('GET /', 'Host: a\r\nX: 1\nY: 2\r\n'), 400],
        [request('GET /', 'Host: a\r\n: 1\r\n'), 400],
        [request('GET /', 'Host: a\r\nnonsense\r\n'), 400],
        [request('FOO /'), 501],
        [request('get /'), 501],
        [request('TRACE /'), 405],
        [request('CONNECT a:1'), 405],
        [request('GET /', `Host: a\r\nX: ${'a'.repeat(9_000)}\r\n`), 431],
        [request(`GET /${'a'.repeat(9_000)}`), 431],
        [request('GET /', `Host: a\r\n${'X: 1\r\n'.repeat(3_000)}`), 431],
        [post('Content-Length: 5\r\nContent-Length: 6\r\n', '{}'), 400],
        [post('Content-Length: -1\r\n', '{}'), 400],
        [post('Content-Length: +2\r\n', '{}'), 400],
        [post('Content-Length: 2, 2\r\n', '{}'), 400],
        [post('Content-Length: 0x2\r\n', '{}'), 400],
        [post('Content-Length: 99999999999999999999\r\n', '{}'), 400],
        [post('Content-Length: 18446744073709551615\r\n', '{}'), 413],
        [post('Content-Length: 17000\r\n'), 413],
        [post('Transfer-Encoding: chunked\r\n', '2\n{}\r\n0\r\n\r\n'), 400],
        [post('Transfer-Encoding: chunked\r\n', `0\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`), 400],
        [post('Transfer-Encoding: chunked\r\n', '4269\r\n'), 413],
        [post('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
        [post('Transfer-Encoding: chunked\r\nContent-Length: 2\r\n', '0\r\n\r\n'), 400],
        [post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400, 501],
        [post('Transfer-Encoding: gzip\r\n', '{}'), 501],
        [post('Transfer-Encoding: chunked, identity\r\n', '{}'), 501, 400],
        [post('Expect: magic\r\nContent-Length: 2\r\n', '{}'), 417],
    ];
    for (const [bytes, ...statuses] of cases) {
        const raw = new Raw(port);
        raw.send(Buffer.from(bytes, 'latin1'));
        const answer = await raw.answer();
        assert.ok(
            statuses.includes(answer.status),
            `${JSON.stringify(bytes.slice(0, 90))}: ${answer.status} ${answer.text}`,
        );
        rejected(answer, answer.status);
        assert.equal(answer.headers.connection, 'close');
        assert.equal(answer.headers['x-content-type-options'], 'nosniff');
        raw.socket.end();
        await raw.end();
    }
});

bad('request data cannot inject a response header', async ({ port, alice }) => {
    const lines =
        'Host: a\r\nX-Request-Id: <b>\x22</b>\r\ntraceparent: 00-zz-01\r\n' +
        'Origin: http://evil.example\tSet-Cookie: a=b\r\n';
    const answer = await askRaw(port, request('GET /api/v1/plans', lines));
    assert.equal(answer.status, 200);
    assert.match(answer.headers['x-request-id'], /^[0-9a-f-]{36}$/);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
    const split = await askRaw(
        port,
        request(
            'GET /api/v1/conversations?cursor=%0d%0aSet-Cookie:%20a=b',
            `Host: a\r\nAuthorization: Bearer ${alice.token}\r\n`,
        ),
    );
    assert.ok([200, 400].includes(split.status));
    assert.equal(split.headers['set-cookie'], undefined);
    const echoed = await ask(port, { path: '/healthz', headers: { 'X-Request-Id': 'my-id.1_2' } });
    assert.equal(echoed.headers['x-request-id'], 'my-id.1_2');
});

bad('garbage after a request is rejected in order, after the response', async ({ port }) => {
    const raw = new Raw(port);
    raw.send(`${request('GET /healthz')}${request('GET /readyz')}RUBBISH\r\n\r\n${request('GET /healthz')}`);
    const answers = await raw.answers(3);
    assert.deepEqual(
        answers.map((one) => one.status),
        [200, 200, 400],
    );
    raw.socket.end();
    await raw.end();
    assert.equal((await raw.answers(3)).length, 3, 'no response follows a bad request');
});

bad('bytes beyond Content-Length are not part of the body', async ({ port }) => {
    const raw = new Raw(port);
    raw.send(post('Content-Length: 2\r\n', '{}{"email":"a@example.com","password":"x"}\r\n\r\n'));
    const [first, second] = await raw.answers(2);
    rejected(first, 422, 'VALIDATION_FAILED', /email/);
    rejected(second, 400, 'BAD_REQUEST');
    raw.socket.end();
    await raw.end();
    // The rest is a request of its own, with the caller's rights only.
    const smuggled = await new Raw(port)
        .send(post('Content-Length: 2\r\n', `{}${request('GET /api/v1/conversations')}`))
        .answers(2);
    assert.deepEqual(
        smuggled.map((one) => one.status),
        [422, 401],
    );
});

bad(
    'an incomplete body or header ends with 408 and does not delay other connections',
    async ({ system, port, bystander }) => {
        const openBefore = await gauge(system, 'airi_gateway_connections_open');
        const headers = Array.from({ length: 150 }, () =>
            new Raw(port).send('GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: '),
        );
        const silent = Array.from({ length: 50 }, () => new Raw(port));
        const bodies = Array.from({ length: 50 }, () =>
            new Raw(port).send(post('Content-Length: 100\r\n', '{"email":')),
        );
        const halves = Array.from({ length: 50 }, () =>
            new Raw(port).send(post('Content-Length: 100\r\n', '{"email":')),
        );
        halves.forEach((raw) => raw.socket.end());
        await Promise.all(halves.map((raw) => raw.end()));
        await eventually(
            'unfinished headers time out although bytes trickle in',
            async () => {
                for (const raw of headers) if (!raw.ended) raw.send('x');
                await bystander.served();
                return headers.every((raw) => raw.ended);
            },
            { every: 200 },
        );
        for (const raw of headers) rejected(await raw.answer(), 408, 'REQUEST_TIMEOUT', /time/);
        await Promise.all(silent.map((raw) => raw.end()));
        assert.ok(
            silent.every((raw) => raw.text === ''),
            'an idle connection gets no response',
        );
        for (const raw of bodies) rejected(await raw.answer(75_000), 408, 'REQUEST_TIMEOUT', /time/);
        await eventually(
            'all connections are released',
            async () => (await gauge(system, 'airi_gateway_connections_open')) <= openBefore + 5,
        );
    },
);

bad('a client that never reads its responses is disconnected', async ({ port }) => {
    const raw = new Raw(port);
    await raw.opened;
    raw.socket.pause();
    const piece = request('GET /app.js').repeat(500);
    const begun = Date.now();
    const flood = () => {
        while (!raw.socket.destroyed && raw.socket.write(piece));
    };
    raw.socket.on('drain', flood);
    flood();
    await eventually('it is disconnected', () => raw.socket.destroyed || raw.ended, { within: 40_000 });
    assert.ok(Date.now() - begun > 5_000, 'but not at once');
});

bad(
    '10,000 sockets from one address are capped with an error, and other users are unaffected',
    async ({ system, port, bystander, alice }) => {
        const from = '127.0.0.99';
        const all = [];
        const answered = () => all.filter((one) => one.text !== '');
        for (let i = 0; i < 10_000; i += 250) {
            const wave = Array.from({ length: 250 }, () => hold(port, from));
            all.push(...wave);
            await eventually('they are connected', () => wave.every((one) => one.connected || one.ended), {
                within: 30_000,
            });
            if (i % 2_500 === 0) await bystander.served();
        }
        await eventually(
            'all others are rejected',
            () =>
                answered().length === all.length - connectionsPerAddress &&
                all.filter((one) => one.ended).length === all.length - connectionsPerAddress,
            {
                within: 30_000,
                describe: () => ({ told: answered().length, ended: all.filter((one) => one.ended).length }),
            },
        );
        for (const one of answered().slice(0, 50)) {
            assert.match(one.text, /^HTTP\/1\.1 503 .*\r\n/);
            assert.match(one.text, /Retry-After: 5/);
            assert.equal(JSON.parse(one.text.split('\r\n\r\n')[1]).error.code, 'TOO_MANY_CONNECTIONS');
        }
        await bystander.served();
        assert.equal(
            (await ask(port, { path: '/api/v1/auth/session', token: alice.token, from: '127.0.0.98' })).status,
            200,
        );
        all.forEach((one) => one.socket.destroy());
        await eventually(
            'the slots are free again',
            async () => (await gauge(system, 'airi_gateway_connections_open')) < 200,
            { within: 30_000 },
        );
        assert.equal((await ask(port, { path: '/healthz', from })).status, 200);
    },
);

function hold(port, localAddress) {
    const one = { connected: false, ended: false, text: '' };
    one.socket = net.connect({ host: '127.0.0.1', port, localAddress });
    one.socket.on('connect', () => (one.connected = true));
    one.socket.on('data', (piece) => (one.text += piece.toString()));
    one.socket.on('error', () => {});
    one.socket.on('close', () => (one.ended = true));
    return one;
}
