// Avatars over two gateways: the gallery, invalid uploads, the plan's limit and visibility.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { crc32, deflateSync } from 'node:zlib';

import { address, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withAccounts({ files: 1 });
const call = (port, token) => (method, path, json) => ask(port, { method, path: `/api/v1${path}`, token, json });
const upload = (port, token, body, type = 'image/png') =>
    ask(port, { method: 'POST', path: '/api/v1/avatars', token, body, headers: { 'Content-Type': type } });

function chunk(name, data) {
    const body = Buffer.concat([Buffer.from(name), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
}

// Random bytes: more than getRandomValues() gives at once.
function noise(length) {
    const out = Buffer.alloc(length);
    for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(out.subarray(at, at + 65_536));
    return out;
}

function pngOf(width, height, [depth, colours], ...chunks) {
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head.set([depth, colours, 0, 0, 0], 8);
    const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
    return Buffer.concat([signature, chunk('IHDR', head), ...chunks, chunk('IEND', Buffer.alloc(0))]);
}

// A picture of random pixels that every decoder accepts.
function png(width = 8, height = 8) {
    const rows = Buffer.alloc((width * 3 + 1) * height);
    rows.set(noise(4), 1);
    return pngOf(width, height, [8, 2], chunk('IDAT', deflateSync(rows)));
}

// Only its header is a picture's.
const broken = () => pngOf(8, 8, [8, 2], chunk('IDAT', Buffer.concat([Buffer.from('no zlib at all'), noise(8)])));

// The caller's picture, once the files worker has made or rejected it.
async function processed(port, token, id) {
    const find = async () => (await call(port, token)('GET', '/avatars')).json.data.find((one) => one.id === id);
    await eventually('the picture is processed', async () => (await find()).state !== 'processing');
    return find();
}

async function uploaded(port, token, body, type) {
    const made = await upload(port, token, body, type);
    assert.equal(made.status, 201, made.text);
    assert.equal(made.json.data.state, 'processing');
    return processed(port, token, made.json.data.id);
}

// Returns the body as bytes.
const fetched = (port, path, headers = {}) =>
    new Promise((resolve, reject) => {
        http.get({ host: '127.0.0.1', port, path, headers }, (answer) => {
            const pieces = [];
            answer.on('data', (piece) => pieces.push(piece));
            answer.on('end', () =>
                resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(pieces) }),
            );
        }).on('error', reject);
    });

test('SAAS-58: anyone with its id gets an image, immutable and without active content', async ({ ports, join }) => {
    const account = await join('plus');
    const picture = png(300, 200);
    const made = await uploaded(ports[0], account.token, picture, 'Image/PNG; x=y');
    const { id, url, width, height, size, media_type: type, state } = made;
    assert.deepEqual([width, height, type, url, state], [300, 200, 'image/png', `/api/v1/avatars/${id}`, 'ready']);
    for (const port of ports) {
        const got = await fetched(port, url);
        assert.equal(got.bytes.length, size);
        assert.equal(got.headers['content-type'], 'image/png');
        assert.equal(got.headers['cache-control'], 'public, max-age=31536000, immutable');
        assert.equal(got.headers['x-content-type-options'], 'nosniff');
        assert.match(got.headers['content-security-policy'], /sandbox/);
        assert.deepEqual([(await fetched(port, url, { 'If-None-Match': got.headers.etag })).status], [304]);
    }
    for (const other of [crypto.randomUUID(), 'x', `${id}0`])
        assert.equal((await fetched(ports[0], `/api/v1/avatars/${other}`)).status, 404);
    assert.equal(
        (await upload(ports[1], account.token, picture)).json.data.id,
        id,
        'the same bytes are the same image',
    );
    const list = (await call(ports[1], account.token)('GET', '/avatars')).json.data;
    assert.deepEqual(
        list.filter((one) => one.mine).map((one) => one.id),
        [id],
    );
    const gallery = list.filter((one) => !one.mine);
    assert.ok(gallery.length >= 6);
    for (const one of gallery) {
        const got = await fetched(ports[0], one.url);
        assert.deepEqual([got.status, got.headers['content-type']], [200, 'image/svg+xml'], one.url);
    }
});

test('a picture loses its place, owner and comments, is turned upright, and nobody gets it before', async ({
    system,
    ports,
    join,
}) => {
    const account = await join('pro');
    const { token } = account;
    await system.stop('files-1');
    const sent = ['turned_with_place.jpg', 'with_place.webp', 'with_text.png'].map((name) => {
        const type = `image/${name.split('.')[1].replace('jpg', 'jpeg')}`;
        return { type, body: readFileSync(new URL(`../workers/files/pictures/${name}`, import.meta.url)) };
    });
    for (const one of sent) one.made = (await upload(ports[0], token, one.body, one.type)).json.data;
    for (const { made } of sent)
        assert.equal((await fetched(ports[1], made.url)).status, 404, 'not as it was uploaded');
    const wire = await Wire.open(ports[1], token);
    await system.start('files-1');
    for (const { type, body, made } of sent) {
        assert.ok(body.includes('Jane'));
        const frame = await wire.receive('its frame', (each) => each.data?.avatar?.id === made.id);
        assert.deepEqual([frame.type, frame.data.avatar.state], ['avatar_processed', 'ready']);
        const { width, height } = await processed(ports[0], token, made.id);
        assert.deepEqual([width, height], [8, 16], 'turned');
        const got = await fetched(ports[1], made.url);
        assert.equal(got.headers['content-type'], type);
        for (const text of ['Jane', 'WGS-84', 'secret', 'comment', '<script>', 'xmpmeta'])
            assert.ok(!got.bytes.includes(text), `${type}: ${text}`);
    }
    wire.end();
});

test("a file that only looks like a picture is rejected, is nobody's avatar, and can be sent again", async ({
    ports,
    join,
}) => {
    const { token } = await join('plus');
    const body = broken();
    const { url, state, size, id } = await uploaded(ports[0], token, body);
    assert.deepEqual([state, size], ['rejected', 0]);
    assert.equal((await fetched(ports[1], url)).status, 404);
    rejected(await call(ports[0], token)('PATCH', '/users/profile', { avatar: url }), 422, 'VALIDATION_FAILED');
    const again = await uploaded(ports[0], token, body);
    assert.equal(again.state, 'rejected');
    assert.notEqual(again.id, id);
    const { data } = (await call(ports[0], token)('GET', '/avatars')).json;
    assert.deepEqual(
        data.filter(({ mine }) => mine).map((one) => one.id),
        [again.id],
    );
    for (let i = 0; i < 5; ++i) assert.equal((await upload(ports[0], token, png())).status, 201);
    assert.equal((await call(ports[0], token)('DELETE', `/avatars/${again.id}`)).status, 200);
});

test('a picture that is sent twice at the same time is one picture, made once', async ({ ports, join }) => {
    const { token } = await join('plus');
    const body = png();
    const both = await Promise.all(ports.map((port) => upload(port, token, body)));
    assert.deepEqual(
        both.map((one) => one.status),
        [201, 201],
    );
    const [{ id }, other] = both.map((one) => one.json.data);
    assert.equal(other.id, id);
    assert.equal((await processed(ports[0], token, id)).state, 'ready');
    assert.equal((await upload(ports[1], token, body)).json.data.state, 'ready');
});

test('pictures reach their ends although the worker is killed while it makes them and some are deleted', async ({
    system,
    ports,
    join,
}) => {
    const { token } = await join('pro');
    const api = call(ports[0], token);
    await system.stop('files-1');
    const bodies = [...Array.from({ length: 11 }, () => png(600, 600)), broken()];
    const made = [];
    for (const body of bodies) made.push((await upload(ports[0], token, body)).json.data);
    await api('PATCH', '/users/profile', { avatar: made[11].url });
    const wire = await Wire.open(ports[1], token);
    await system.start('files-1');
    await wire.receive('the first one', (frame) => frame.type === 'avatar_processed');
    await system.kill('files-1');
    wire.end();
    for (const { id } of made.slice(8, 11)) assert.equal((await api('DELETE', `/avatars/${id}`)).status, 200);
    await system.start('files-1');
    for (const { id } of made.slice(0, 8)) assert.equal((await processed(ports[0], token, id)).state, 'ready');
    assert.equal((await processed(ports[0], token, made[11].id)).state, 'rejected');
    const mine = (await api('GET', '/avatars')).json.data.filter((one) => one.mine);
    assert.deepEqual(mine.map(({ id }) => id).sort(), [...made.slice(0, 8), made[11]].map(({ id }) => id).sort());
    for (const { url } of made.slice(8)) assert.equal((await fetched(ports[1], url)).status, 404);
    for (const { url } of made.slice(0, 8)) assert.equal((await fetched(ports[1], url)).status, 200);
    assert.equal((await api('GET', '/users/profile')).json.data.avatar, null, 'not the rejected one');
});

test('a picture that grows when it is made again becomes a WebP that can be stored', async ({ ports, join }) => {
    const { token } = await join('pro');
    const rows = noise(701 * 700);
    for (let row = 0; row < 700; ++row) rows[row * 701] = 0; // the row's filter: none
    const body = pngOf(700, 700, [8, 3], chunk('PLTE', noise(768)), chunk('IDAT', deflateSync(rows)));
    const { state, size, media_type: type } = await uploaded(ports[0], token, body);
    assert.deepEqual([state, type], ['ready', 'image/webp']);
    assert.ok(size <= 512 * 1024);
});

test('image requests have a generous rate limit', async ({ ports, join }) => {
    const { url } = await uploaded(ports[0], (await join('plus')).token, png());
    const from = address();
    const begun = Date.now();
    let shown = 0;
    for (let limited = 0; limited === 0;) {
        const get = (_, k) => ask(ports[k % 2], { path: url, from });
        const statuses = (await Promise.all(Array.from({ length: 50 }, get))).map((one) => one.status);
        limited = statuses.filter((status) => status === 429).length;
        shown += statuses.filter((status) => status === 200).length;
    }
    // A bucket of 600, refilled with ten a second.
    const gained = Math.ceil((Date.now() - begun) / 100);
    assert.ok(shown >= 600 && shown <= 600 + gained, `${shown} of 600 and ${gained}`);
    assert.equal((await ask(ports[0], { path: url, from: address() })).status, 200);
});

test('SAAS-58: an upload of another type than declared, too large or with extra data is rejected', async ({
    ports,
    join,
    system,
}) => {
    const account = await join('pro');
    const good = png();
    const edited = (at, ...bytes) =>
        Buffer.concat([good.subarray(0, at), Buffer.from(bytes), good.subarray(at + bytes.length)]);
    const zip = Buffer.from('PK\x03\x04', 'latin1');
    for (const [body, type] of [
        [Buffer.concat([good, zip]), 'image/png'],
        [Buffer.concat([zip, good]), 'image/png'],
        [good.subarray(0, -1), 'image/png'],
        [good, 'image/jpeg'],
        [good, 'image/webp'],
        [edited(0, 0), 'image/png'],
        [edited(16, 0, 0, 8, 1), 'image/png'],
        [edited(20, 0, 0, 0, 0), 'image/png'],
        [edited(16, 0xff, 0xff, 0xff, 0xff), 'image/png'],
        [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), 'image/png'],
        [Buffer.from('GIF89a'), 'image/png'],
        [Buffer.from('\xff\xd8\xff\xe0\x00\x10JFIF', 'latin1'), 'image/jpeg'],
        [Buffer.from('RIFF\x04\x00\x00\x00WEBP', 'latin1'), 'image/webp'],
        [Buffer.from('x'), 'image/webp'],
        [Buffer.from(''), 'image/png'],
    ])
        rejected(await upload(ports[0], account.token, body, type), 422, 'VALIDATION_FAILED');
    for (const type of [
        'image/svg+xml',
        'image/gif',
        'text/html',
        'application/json',
        'application/octet-stream',
        'image/*',
        '',
    ])
        rejected(await upload(ports[0], account.token, good, type), 415, 'UNSUPPORTED_MEDIA_TYPE', /image\/png/);
    rejected(await upload(ports[0], account.token, Buffer.alloc(512 * 1024 + 1)), 413, 'PAYLOAD_TOO_LARGE');
    rejected(
        await ask(ports[0], {
            method: 'POST',
            path: '/api/v1/avatars',
            token: account.token,
            body: good,
            headers: { 'Content-Type': 'image/png', 'Content-Encoding': 'gzip' },
        }),
        415,
    );
    rejected(await upload(ports[0], undefined, good), 401, 'UNAUTHENTICATED');
    const [{ n }] = await system.rows('select count(*)::int as n from avatars where user_id = $1', [account.id]);
    assert.equal(n, 0);
    const large = Buffer.concat([good.subarray(0, -12), chunk('teXt', noise(510 * 1024)), good.subarray(-12)]);
    const { state, size } = await uploaded(ports[0], account.token, large);
    assert.equal(state, 'ready');
    assert.ok(size < 1_000, 'without the noise in its comment');
});

test('SAAS-14: free has no avatars, plus exactly five, pro any number, and deletion frees a slot', async ({
    ports,
    join,
}) => {
    rejected(await upload(ports[0], (await join()).token, png()), 402, 'PLAN_LIMIT');
    const [plus, pro] = [await join('plus'), await join('pro')];
    const many = await Promise.all(Array.from({ length: 10 }, (_, i) => upload(ports[i % 2], plus.token, png())));
    assert.deepEqual(many.map((one) => one.status).sort(), [...Array(5).fill(201), ...Array(5).fill(402)]);
    const { id } = many.find((one) => one.status === 201).json.data;
    rejected(await call(ports[0], pro.token)('DELETE', `/avatars/${id}`), 404);
    assert.equal((await call(ports[0], plus.token)('DELETE', `/avatars/${id}`)).status, 200);
    rejected(await call(ports[0], plus.token)('DELETE', `/avatars/${id}`), 404);
    assert.equal((await fetched(ports[1], `/api/v1/avatars/${id}`)).status, 404);
    assert.equal((await upload(ports[0], plus.token, png())).status, 201);
    rejected(await upload(ports[0], plus.token, png()), 402, 'PLAN_LIMIT');
    for (let i = 0; i < 7; ++i) assert.equal((await upload(ports[i % 2], pro.token, png())).status, 201);
});

test("SAAS-58: a profile accepts only a gallery image or one of the user's own", async ({ ports, join }) => {
    const [account, other] = [await join('plus'), await join('plus')];
    const api = call(ports[0], account.token);
    const { url, id } = (await upload(ports[0], account.token, png())).json.data;
    const foreign = (await upload(ports[0], other.token, png())).json.data.url;
    for (const avatar of ['avatar-moon', '/avatar-moon.svg', url, null])
        assert.equal((await api('PATCH', '/users/profile', { avatar })).json.data.avatar, avatar);
    for (const avatar of [
        foreign,
        id,
        `https://evil.example${url}`,
        'javascript:alert(1)',
        'data:image/png;base64,x',
        '//evil.example/x.png',
        '/index.html',
        'avatar',
        "' or true --",
        `${url}?x`,
    ])
        rejected(
            await api('PUT', '/users/profile', { avatar, display_name: 'changed' }),
            422,
            'VALIDATION_FAILED',
            /avatar/,
        );
    assert.equal(
        (await api('GET', '/users/profile')).json.data.display_name,
        null,
        'a rejected update changes nothing',
    );
    await api('PATCH', '/users/profile', { avatar: url });
    await api('DELETE', `/avatars/${id}`);
    assert.equal((await api('GET', '/users/profile')).json.data.avatar, null);
});
