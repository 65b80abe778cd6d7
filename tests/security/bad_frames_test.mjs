// Bad WebSocket handshakes and frames, and attempts on other users' data: each gets its own error frame or close code,
// and a well-behaved user is served as before.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { eventually } from '../support/js/system/wait.mjs';
import { withBystander } from '../support/js/bystander.mjs';
import { ask, askRaw, frameOf, RawSocket, rejected, Wire } from '../support/js/raw.mjs';

const bad = withBystander();

const unknownId = '00000000-0000-7000-8000-000000000000';
const text = 0x81;

function errorIs(frame, code, naming) {
    assert.equal(frame?.type, 'error', JSON.stringify(frame));
    assert.equal(frame.data.code, code, JSON.stringify(frame));
    assert.ok(frame.data.message.length > 3);
    if (naming) assert.match(JSON.stringify(frame.data), naming);
}

bad('an invalid handshake is rejected over HTTP', async ({ port, alice }) => {
    const key = randomBytes(16).toString('base64');
    const shake = (lines, path = '/ws') =>
        askRaw(
            port,
            `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
                `Upgrade: websocket\r\nConnection: Upgrade\r\n${lines}\r\n`,
        );
    const bearer = `Authorization: Bearer ${alice.token}\r\n`;
    const version = 'Sec-WebSocket-Version: 13\r\n';
    rejected(await shake(`${version}Sec-WebSocket-Key: ${key}\r\n`), 401, 'UNAUTHENTICATED');
    rejected(
        await shake(`Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: ${key}\r\n${bearer}`),
        426,
        'UPGRADE_REQUIRED',
        /13/,
    );
    rejected(await shake(`${version}Sec-WebSocket-Key: short\r\n${bearer}`), 400, 'BAD_REQUEST', /handshake/);
    rejected(await shake(`${version}${bearer}`), 400, 'BAD_REQUEST', /handshake/);
    rejected(await shake(`${version}Sec-WebSocket-Key: ${key}\r\nContent-Length: 2\r\n${bearer}`), 400);
    rejected(await shake(`${version}Sec-WebSocket-Key: ${key}\r\n${bearer}`, '/elsewhere'), 404, 'NOT_FOUND');
    rejected(
        await shake(`${version}Sec-WebSocket-Key: ${key}\r\n`, `/ws?token=${alice.token}`),
        401,
        'UNAUTHENTICATED',
    );
    const plain = await ask(port, { path: '/ws', token: alice.token });
    rejected(plain, 426, 'UPGRADE_REQUIRED');
    assert.equal(plain.headers.upgrade, 'websocket');
});

bad('a disallowed Origin cannot open a WebSocket', async ({ port, alice }) => {
    const own = `http://127.0.0.1:${port}`;
    for (const origin of [
        'https://evil.example',
        'null',
        'https://app.example.com.evil.example',
        'http://app.example.com',
        'https://app.example.com:444',
        'https://app.example.com@evil.example',
        'file://',
        `${own}.evil.example`,
        '//',
    ])
        rejected(await Wire.rejection(port, alice.token, { origin }), 403, 'ORIGIN_NOT_ALLOWED', /origin/);
    for (const origin of ['https://app.example.com', own]) (await Wire.open(port, alice.token, { origin })).end();
});

bad(
    'the token is read from a header or a subprotocol, and the response names the selected subprotocol',
    async ({ port, alice }) => {
        for (const [token, protocols, chosen] of [
            [alice.token, ['airi.v1'], 'airi.v1'],
            [null, ['airi.v1', `bearer.${alice.token}`], 'airi.v1'],
            [alice.token, [], ''],
        ]) {
            const wire = await Wire.open(port, token, { protocols });
            assert.equal(wire.socket.protocol, chosen);
            assert.equal((await wire.reply('ping', {})).type, 'pong');
            wire.end();
        }
        rejected(await Wire.rejection(port, null, { protocols: ['airi.v1', 'bearer.x.y.z'] }), 401, 'UNAUTHENTICATED');
        rejected(await Wire.rejection(port, null, { protocols: ['airi.v1'] }), 401, 'UNAUTHENTICATED');
    },
);

bad('a frame outside the protocol gets an error frame, and the connection stays open', async ({ port, alice }) => {
    const wire = await Wire.open(port, alice.token);
    const cases = [
        ['{', 'BAD_REQUEST', /not JSON/],
        ['', 'BAD_REQUEST', /not JSON/],
        ['"ping"', 'BAD_REQUEST', /object/],
        ['[{"type":"ping"}]', 'BAD_REQUEST', /object/],
        ['null', 'BAD_REQUEST', /object/],
        ['{}', 'VALIDATION_FAILED', /type/],
        ['{"type":5}', 'VALIDATION_FAILED', /type/],
        ['{"type":"nonsense"}', 'UNKNOWN_TYPE', /type/],
        ['{"type":"ping","extra":1}', 'VALIDATION_FAILED', /extra/],
        ['{"type":"ping","type":"ping"}', 'VALIDATION_FAILED', /more than once/],
        [`{"type":"ping","data":${'['.repeat(900)}${']'.repeat(900)}}`, 'BAD_REQUEST', /deep/],
        ['{"type":"ping","data":1e999}', 'BAD_REQUEST', /not JSON/],
        ['{"type":"message_accepted","data":{}}', 'UNKNOWN_TYPE'],
        ['{"type":"message_delta","data":{}}', 'UNKNOWN_TYPE'],
    ];
    const data = [
        ['message_send', undefined, /client_message_id/],
        ['message_send', 5, /client_message_id/],
        ['message_send', { content: 'a' }, /client_message_id/],
        ['message_send', { client_message_id: '1' }, /content/],
        ['message_send', { client_message_id: '1', content: 5 }, /content/],
        ['message_send', { client_message_id: 1, content: 'a' }, /client_message_id/],
        ['message_send', { client_message_id: '1', content: ' ' }, /content/],
        ['message_send', { client_message_id: '1', content: 'a\0' }, /content.*NUL/],
        ['message_send', { client_message_id: 'x\0', content: 'a' }, /client_message_id.*NUL/],
        ['message_send', { client_message_id: '1', content: 'a'.repeat(33 * 1024) }, /content.*32000/],
        ['message_send', { client_message_id: 'x'.repeat(101), content: 'a' }, /100 characters/],
        ['message_send', { client_message_id: '1', content: 'a', conversation_id: 'x' }, /conversation_id/],
        ['message_send', { client_message_id: '1', content: 'a', conversation_id: [unknownId] }, /conversation_id/],
        ['message_send', { client_message_id: '1', content: 'a', companion_id: 'x' }, /companion_id/],
        ['message_send', { client_message_id: '1', content: 'a', user_id: unknownId }, /user_id/],
        ['message_cancel', {}, /generation_id/],
        ['message_cancel', { generation_id: '*' }, /generation_id/],
        ['resume', { generation_id: unknownId }, /epoch/],
        ['resume', { generation_id: unknownId, epoch: '1', offset: 0 }, /epoch/],
        ['resume', { generation_id: unknownId, epoch: -1, offset: 0 }, /epoch/],
        ['resume', { generation_id: unknownId, epoch: 1, offset: -2 }, /offset/],
        ['resume', { generation_id: unknownId, epoch: 1.5, offset: 0 }, /epoch/],
        ['resume', { generation_id: unknownId, epoch: 1e300, offset: 0 }, /epoch/],
        ['subscribe', {}, /channel/],
        ['subscribe', { channel: '' }, /channel/],
        ['subscribe', { channel: 'x'.repeat(101) }, /channel/],
        ['subscribe', { channel: 5 }, /channel/],
        ['typing_start', {}, /conversation_id/],
        ['typing_stop', { conversation_id: "'" }, /conversation_id/],
    ].map(([type, value, naming]) => [JSON.stringify({ type, data: value }), 'VALIDATION_FAILED', naming]);
    for (const [frame, code, naming] of [...cases, ...data]) {
        const seen = wire.frames.length;
        wire.socket.send(frame);
        const answer = ({ type }, i) => i >= seen && type !== 'presence';
        errorIs(await wire.receive(`a response to ${frame.slice(0, 80)}`, answer), code, naming);
    }
    const id = wire.send(
        'message_send',
        { client_message_id: '1', content: 'a', conversation_id: unknownId },
        'my-ref',
    );
    const answer = await wire.receive('the error names the frame', (frame) => frame.data?.ref === id);
    errorIs(answer, 'NOT_FOUND', /conversation/);
    assert.equal((await wire.reply('ping', {})).type, 'pong');
    assert.equal(wire.code, null);
    wire.end();
});

bad('framing errors close the connection with their own codes', async ({ port, alice }) => {
    const open = () => RawSocket.open(port, alice.token);
    const cases = [
        ['a binary frame', 1003, frameOf(0x82, '{"type":"ping"}')],
        ['text that is not UTF-8', 1007, frameOf(text, Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
        ['UTF-8 cut off at the end of a message', 1007, frameOf(text, Buffer.from([0xe2, 0x82]))],
        ['513 KiB in one frame', 1009, frameOf(text, 'a'.repeat(513 * 1024))],
        [
            '600 kB in pieces',
            1009,
            Buffer.concat([frameOf(0x01, 'a'.repeat(300_000)), frameOf(0x80, 'a'.repeat(300_000))]),
        ],
        ['a frame that announces 2^62 bytes', 1009, Buffer.from([text, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
        ['a frame without a mask', 1002, frameOf(text, '{"type":"ping"}', { masked: false })],
        ['a reserved bit', 1002, frameOf(0xc1, 'a')],
        ['an unknown opcode', 1002, frameOf(0x83, 'a')],
        ['a continuation of nothing', 1002, frameOf(0x80, 'a')],
        ['a message within a message', 1002, Buffer.concat([frameOf(0x01, 'a'), frameOf(text, 'b')])],
        ['a ping in pieces', 1002, frameOf(0x09, 'a')],
        ['a ping of 126 bytes', 1002, frameOf(0x89, 'a'.repeat(126))],
        ['a close with a code that may not be sent', 1002, frameOf(0x88, Buffer.from([0x03, 0xed]))],
        ['a close of one byte', 1002, frameOf(0x88, 'a')],
    ];
    for (const [what, code, bytes] of cases) {
        const raw = await open();
        raw.send(bytes);
        assert.equal(await raw.closeCode().catch((error) => assert.fail(`${what}: ${error.message}`)), code, what);
        raw.socket.end();
        await raw.end();
    }
    const polite = await open();
    polite.frame(0x88, Buffer.from([0x03, 0xe8]));
    assert.equal(await polite.closeCode(), 1000);
    const rude = await open();
    rude.frame(text, '{"type":"pi');
    rude.destroy();
});

bad(
    "SAAS-29: no client reads, writes, resumes or cancels another user's conversations",
    async ({ port, alice, bob, system }) => {
        const [a, b] = [await Wire.open(port, alice.token), await Wire.open(port, bob.token)];
        const order = {
            client_message_id: crypto.randomUUID(),
            content: 'mine [[stub tokens=40 rate=20]]',
        };
        const { data: ids } = await a.reply('message_send', order);
        await a.receive('the reply has begun', (frame) => frame.type === 'message_delta');
        const channels = [
            `user:${alice.id}`,
            `conversation:${ids.conversation_id}`,
            `conversation:${ids.conversation_id.toUpperCase()}`,
            'admin',
            'crisis',
            'cancellations',
            'sessions',
            `gen:${ids.generation_id}`,
            '*',
            'conversation:*',
            `user:${bob.id} user:${alice.id}`,
            `user:${bob.id}\r\nSUBSCRIBE user:${alice.id}`,
            'conversation:',
            `conversation:${ids.conversation_id}x`,
            "user:' or '1'='1",
        ];
        for (const channel of channels) errorIs(await b.reply('subscribe', { channel }), 'NOT_FOUND', /channel/);
        errorIs(await b.reply('typing_start', { conversation_id: ids.conversation_id }), 'NOT_FOUND');
        errorIs(
            await b.reply('resume', { generation_id: ids.generation_id, epoch: 1, offset: -1 }),
            'NOT_FOUND',
            /generation/,
        );
        errorIs(
            await b.reply('message_send', { ...order, conversation_id: ids.conversation_id }),
            'NOT_FOUND',
            /conversation/,
        );
        b.send('message_cancel', { generation_id: ids.generation_id });
        for (const path of [
            `/api/v1/generations/${ids.generation_id}/events`,
            `/api/v1/generations/${ids.generation_id}/cancel`,
        ])
            rejected(
                await ask(port, { method: path.endsWith('cancel') ? 'POST' : 'GET', path, token: bob.token }),
                404,
                'NOT_FOUND',
            );
        const watching = await ask(port, {
            path: `/api/v1/generations/${ids.generation_id}/events`,
            token: alice.token,
            headers: { 'Last-Event-ID': `${unknownId}.1.1` },
        });
        rejected(watching, 400, 'BAD_REQUEST', /Last-Event-ID/);
        const end = await a.receive('the reply ends', (frame) =>
            ['message_complete', 'message_cancelled', 'message_failed'].includes(frame.type),
        );
        assert.equal(end.type, 'message_complete', "another's wish to cancel changes nothing");
        assert.deepEqual(
            b.frames.filter((frame) => frame.type !== 'error' && JSON.stringify(frame).includes(ids.conversation_id)),
            [],
            'and none of it was received',
        );
        assert.ok(!a.frames.some((frame) => frame.type.startsWith('typing')));
        const left = await system.rows(
            'select count(*)::int as n from messages where conversation_id = $1 and user_id <> $2',
            [ids.conversation_id, alice.id],
        );
        assert.equal(left[0].n, 0);
        a.end();
        b.end();
    },
);

bad('SAAS-29: a 101st channel is rejected until another channel is left', async ({ port, system }) => {
    const user = await system.user();
    const wire = await Wire.open(port, user.token);
    const made = await system.rows(
        `insert into conversations (id, user_id) select gen_random_uuid(), $1
         from generate_series(1, 101) returning id`,
        [user.id],
    );
    const names = made.map((row) => `conversation:${row.id}`);
    let refusal;
    for (const channel of names) {
        const answer = await wire.reply('subscribe', { channel });
        if (answer.type === 'error') refusal ??= [answer, channel];
    }
    errorIs(refusal[0], 'TOO_MANY_CHANNELS', /100/);
    assert.ok(names.indexOf(refusal[1]) >= 99, 'a hundred are allowed');
    assert.equal((await wire.reply('unsubscribe', { channel: names[0] })).type, 'unsubscribed');
    assert.equal((await wire.reply('subscribe', { channel: refusal[1] })).type, 'subscribed');
    wire.end();
});

bad('1,000 frames a second are rate-limited, and the client can continue', async ({ port, alice }) => {
    const wire = await Wire.open(port, alice.token);
    for (let i = 0; i < 3_000; ++i) wire.send('ping', {});
    const answers = () => wire.frames.filter(({ type }) => type !== 'presence');
    await eventually('all are answered', () => answers().length >= 3_000, { within: 30_000 });
    const refusals = wire.frames.filter((frame) => frame.type === 'error');
    assert.ok(refusals.length > 2_000, `${refusals.length} of 3,000 are rejected`);
    for (const frame of refusals) errorIs(frame, 'RATE_LIMITED', /frames/);
    await eventually(
        'it is served again',
        async () => (await wire.reply('ping', {}).catch(() => null))?.type === 'pong',
    );
    assert.equal(wire.code, null);
    wire.end();
});

bad('a client that never reads is closed with 3008 and can reconnect', async ({ system, port, alice }) => {
    const raw = await RawSocket.open(port, alice.token);
    raw.socket.pause();
    const slow = async () =>
        Number(
            (await ask(system.program('gateway-1').adminPort, { path: '/metrics' })).text.match(
                /^airi_gateway_slow_closes_total(?:\{\})? (\S+)$/m,
            )[1],
        );
    const before = await slow();
    const piece = Buffer.concat(Array.from({ length: 500 }, () => frameOf(text, '{"type":"nonsense"}')));
    let ended = false;
    const flood = () => {
        while (!ended && !raw.socket.destroyed && raw.socket.write(piece));
    };
    raw.socket.on('drain', flood);
    flood();
    await eventually('it is closed as slow', async () => (await slow()) > before, {
        within: 60_000,
        every: 200,
    });
    ended = true;
    raw.socket.resume();
    assert.equal(await raw.closeCode(30_000), 3008);
    raw.destroy();
    const again = await Wire.open(port, alice.token);
    assert.equal((await again.reply('ping', {})).type, 'pong');
    again.end();
});
