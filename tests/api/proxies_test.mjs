// What stands between clients and the gateway: a real nginx, clients that send their bodies in chunks, base URLs with
// slashes too many, health checks of balancers.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import http from 'node:http';
import { promisify } from 'node:util';

import { startNginx } from '../support/js/nginx.mjs';
import { ask, askRaw, rejected, Wire } from '../support/js/raw.mjs';
import { withSystem } from '../support/js/scenario.mjs';

const scenario = withSystem();
let started = null; // one nginx for the file: a second system would have other ports

const test = (name, act) =>
    scenario(name, async ({ system }) => {
        const { port } = system.program('gateway-1');
        started ??= await startNginx(port);
        await act({ system, port, ...started, user: await system.user() });
    });

const question = (text, more = {}) => ({
    model: 'gpt-3.5-turbo',
    messages: [{ role: 'user', content: `${crypto.randomUUID()} [[stub ${text}]]` }],
    ...more,
});

// The pieces of an answer's body as they arrive.
function pieces(port, path, { token, json, method = 'POST', headers = {} }) {
    return new Promise((resolve, reject) => {
        const body = json === undefined ? undefined : JSON.stringify(json);
        const all = { Authorization: `Bearer ${token}`, 'Accept-Encoding': 'gzip', ...headers };
        if (body) Object.assign(all, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
        const request = http.request({ host: '127.0.0.1', port, path, method, headers: all }, (answer) => {
            const out = [];
            answer.on('data', (piece) => out.push(piece.toString()));
            answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, pieces: out }));
            answer.on('error', reject);
        });
        request.on('error', reject);
        request.end(body);
    });
}

test('every event stream passes through a proxy event by event', async ({ plain, port, user }) => {
    const conversation = await ask(port, {
        method: 'POST',
        path: '/api/v1/conversations',
        json: {},
        token: user.token,
    });
    const messages = `/api/v1/conversations/${conversation.json.data.id}/messages`;
    const content = `${crypto.randomUUID()} [[stub tokens=8 rate=10]]`;
    const accept = { Accept: 'text/event-stream' };
    const streams = [
        ['/v1/chat/completions', question('tokens=8 rate=10', { stream: true }), {}],
        [messages, { content }, accept],
    ];
    for (const [path, json, headers] of streams) {
        const got = await pieces(plain, path, { token: user.token, json, headers });
        assert.equal(got.status, 200);
        assert.ok(got.pieces.length >= 4, `${path}: ${got.pieces.length} pieces`);
        assert.doesNotMatch(got.pieces[0], /DONE|message_complete/, 'the first one does not wait for the last one');
        assert.match(got.pieces.at(-1), /DONE|message_complete/);
        assert.equal(got.headers['cache-control'], 'no-cache, no-transform');
    }
    const direct = await pieces(port, messages, { token: user.token, json: { content: 'Hi' }, headers: accept });
    const events = `/api/v1/generations/${direct.headers['x-generation-id']}/events`;
    const again = await pieces(port, events, { token: user.token, method: 'GET' });
    for (const { headers } of [direct, again]) {
        assert.equal(headers['x-accel-buffering'], 'no');
        assert.equal(headers['cache-control'], 'no-cache, no-transform');
    }
});

test('an upgrade that a proxy loses is answered with 426, one that it forwards opens a WebSocket', async ({
    plain,
    tuned,
    user,
}) => {
    for (const path of ['/ws', '/api/v1/ws', '/api/ws', `/ws/conversation/${user.id}`])
        rejected(await Wire.rejection(plain, user.token, { path }), 426, 'UPGRADE_REQUIRED', /proxy/);
    const wire = await Wire.open(tuned, user.token, { headers: { Host: 'localhost' } });
    assert.equal((await wire.reply('ping', {})).type, 'pong');
    wire.end();
});

test('bodies in chunks are read, from a client and through a proxy', async ({ port, tuned, user }) => {
    const json = JSON.stringify(question('tokens=3'));
    // As .NET's PostAsJsonAsync sends them; --data-binary @- keeps curl from measuring the body.
    const curl = (to, body, more = []) => {
        const run = promisify(execFile)('curl', [
            ...['-s', '-m', '60', '-o', '-', '-w', ' %{http_code}', '-X', 'POST', '-T', '-', ...more],
            ...['-H', 'Transfer-Encoding: chunked', '-H', 'Content-Type: application/json; charset=utf-8'],
            ...['-H', `Authorization: Bearer ${user.token}`, `http://localhost:${to}/v1/chat/completions`],
        ]);
        run.child.stdin.end(body);
        return run.then(({ stdout }) => stdout);
    };
    for (const to of [port, tuned]) {
        assert.match(await curl(to, json), /"finish_reason":"stop".* 200$/s);
        assert.match(await curl(to, json, ['-H', 'Expect: 100-continue']), / 200$/);
    }
    assert.match(await curl(port, `{"messages":"${'x'.repeat(1_100_000)}"}`), /PAYLOAD_TOO_LARGE.* 413$/s);
    assert.match(await curl(port, ''), / 4(00|22)$/);
    const fetched = await fetch(`http://localhost:${port}/v1/chat/completions`, {
        method: 'POST',
        body: new Blob([json]).stream(),
        duplex: 'half',
        headers: { Authorization: `Bearer ${user.token}`, 'Content-Type': 'application/json' },
    });
    assert.equal(fetched.status, 200);
});

test('a request in a request cannot pass the proxy', async ({ port, plain, tuned, user }) => {
    const hidden = 'GET /api/v1/auth/session HTTP/1.1\r\nHost: localhost\r\n\r\n';
    for (const to of [port, plain, tuned])
        for (const lines of [
            `Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked\r\n`,
            'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
            'Transfer-Encoding: xchunked\r\n',
        ]) {
            const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n${lines}`;
            const answer = await askRaw(to, `${head}Authorization: Bearer ${user.token}\r\n\r\n0\r\n\r\n${hidden}`);
            assert.ok(answer.status === 400 || answer.status === 501, `${lines}: ${answer.status}`);
        }
});

test('paths reach their route with slashes too many, encoded, and in the absolute form', async ({
    port,
    plain,
    user,
}) => {
    const get = (to, path) => ask(to, { path, token: user.token, headers: { Host: 'localhost' } });
    for (const path of ['//v1/models', '/v1//models', '/v1/models/', '/v1/%6dodels', 'http://localhost//v1/models'])
        assert.equal((await get(port, path)).json?.object, 'list', path);
    for (const path of ['/v1/models/meta%2Fllama-3', '/v1/models/meta%2fllama%2D3/']) {
        for (const to of [port, plain]) {
            const { status, json } = await get(to, path);
            assert.equal(status, 404, path);
            assert.equal(json.error.code, 'model_not_found');
            assert.match(json.error.message, /'meta\/llama-3'/);
        }
    }
});

test('plain health checks find a live server', async ({ port }) => {
    const status = async (text) => (await askRaw(port, text)).status;
    assert.equal(await status('GET /healthz HTTP/1.0\r\n\r\n'), 200);
    assert.equal(await status('OPTIONS / HTTP/1.0\r\n\r\n'), 204);
    assert.equal(await status('OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), 204);
    assert.equal(await status('GET /healthz HTTP/1.1\r\nHost: other\r\n\r\n'), 421);
    assert.equal(await status('GET /healthz HTTP/1.1\r\n\r\n'), 400);
});

test('an EventSource that has read the end is told not to come again', async ({ system, port, user }) => {
    const conversation = await ask(port, {
        method: 'POST',
        path: '/api/v1/conversations',
        json: {},
        token: user.token,
    });
    const sent = await pieces(port, `/api/v1/conversations/${conversation.json.data.id}/messages`, {
        token: user.token,
        json: { content: 'Hi [[stub tokens=4]]' },
        headers: { Accept: 'text/event-stream' },
    });
    const ids = sent.pieces
        .join('')
        .match(/^id: .*$/gm)
        .map((line) => line.slice(4));
    const id = sent.headers['x-generation-id'];
    const from = (last) =>
        ask(port, {
            path: `/api/v1/generations/${id}/events`,
            token: user.token,
            headers: last ? { 'Last-Event-ID': last } : {},
        });
    const ends = (answer) => answer.text.match(/^event: message_complete$/gm)?.length ?? 0;
    const check = async () => {
        const after = await from(ids.at(-1));
        assert.equal(after.status, 204);
        assert.equal(after.text, '');
        for (const last of ['', ids[0]]) assert.equal(ends(await from(last)), 1, last);
    };
    await check();
    // The same when the stream has expired, and Postgres alone has the end.
    const keys = (await system.redis(`KEYS *${id}*`)).split('\r\n').filter((line) => line.includes(id));
    assert.ok(keys.length > 0);
    await system.redis(`DEL ${keys.join(' ')}`);
    await check();
});
