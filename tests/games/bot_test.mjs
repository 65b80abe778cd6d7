// The Minecraft bot (workers/gaming/bot) in a real server, flying-squid, whose world tells what has happened.

import assert from 'node:assert/strict';
import net from 'node:net';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { BotProcess } from '../support/js/games/bot_process.mjs';
import { joinAsPlayer, start } from '../support/js/games/minecraft_server.mjs';
import { afterFile, beforeFile, declareTest as test } from '../support/js/harness.mjs';
import { freePort } from '../support/js/system/process.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { versions } from '../../workers/gaming/bot/versions.mjs';

const ground = 4; // the y of the grass of the flat world
const started = []; // bots
let server;
let anna;
let companion; // stays for most of the tests

function newBot() {
    const bot = new BotProcess();
    started.push(bot);
    return bot;
}

beforeFile(async () => {
    server = await start();
    anna = await joinAsPlayer(server, 'Anna', { x: 10.5, y: 5, z: 10.5 });
    companion = newBot();
    await companion.join(server, 'Companion', { owner: 'Anna' });
});
afterFile(async () => {
    await Promise.all(started.map((bot) => bot.kill()));
    await server?.stop();
});

const sent = (name) => server.said.filter(({ player }) => player === name);
const place = (name = 'Companion') => server.positionOf(name);
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z);

// Puts the companion on the grass at a free place, and waits until it stands there.
async function stand(x, z) {
    const target = { x: x + 0.5, y: 5, z: z + 0.5 };
    server.teleport('Companion', target);
    await eventually('the companion stands there', async () => {
        const { detail } = await companion.run('look');
        return distance(detail.position, target) < 0.4;
    });
    companion.lines.length = 0; // states of before
}

async function gives(item, count) {
    server.give('Companion', item, count);
    await companion.wait('state', ({ inventory }) => inventory.some(({ name }) => name === item));
}

function ends(result, outcome, error, detail = {}) {
    const { id, blocks, ...rest } = result;
    assert.equal(typeof id, 'string');
    assert.ok(Number.isInteger(blocks));
    assert.deepEqual({ ...rest, detail: { ...rest.detail, ...detail } }, { outcome, error, detail: rest.detail });
}

test('AIRI-50: a bot joins a server and sees players, blocks and its own state', async () => {
    const [joined] = companion.all('joined');
    assert.deepEqual([joined.username, joined.version, joined.players], ['Companion', '1.20.2', ['Anna']]);
    assert.ok(server.players().includes('Companion'));
    await stand(14, 10);
    const looked = await companion.run('look', { player: 'Anna' });
    ends(looked, 'done', '');
    assert.ok(looked.detail.blocks.some(({ name, position }) => name === 'grass_block' && position.y === ground));
    const seen = looked.detail.nearby.find(({ name }) => name === 'Anna');
    assert.equal(seen.kind, 'player');
    assert.ok(seen.distance > 0 && seen.distance <= 32); // the server is slow to tell where she went
});

test('AIRI-50: a bot joins, sees, walks, speaks and digs in every other version of the table', async () => {
    const others = Object.keys(versions).filter((version) => version !== server.version);
    assert.deepEqual(others, ['1.16.5', '1.18.2']);
    const tryVersion = async (version) => {
        const other = await start({ version });
        const bot = newBot();
        try {
            // Without a version the bot asks the server.
            const joined = await bot.join(other, 'Visitor', { version: null });
            assert.deepEqual([joined.version, other.players()], [version, ['Visitor']]);
            const { detail } = await bot.run('look');
            assert.ok(detail.blocks.some(({ name }) => name === 'grass_block'));
            const to = { ...detail.position, x: detail.position.x + 3 };
            ends(await bot.run('goto', to), 'done', '');
            assert.ok(distance(other.positionOf('Visitor'), to) <= 2.5);
            ends(await bot.run('say', { text: 'hello' }), 'done', '');
            assert.deepEqual(other.said, [{ player: 'Visitor', text: 'hello' }]);
            const dug = await bot.run('mine', { block: 'grass_block', count: 1 });
            ends(dug, 'done', '');
            assert.equal(dug.blocks, 1);
        } finally {
            await bot.kill();
            await other.stop();
        }
    };
    await Promise.all(others.map(tryVersion));
});

test('a bot walks to a place and to a player, and fails where no path leads', async () => {
    await stand(14, 10);
    ends(await companion.run('goto', { x: 18, y: 5, z: 14 }), 'done', '');
    assert.ok(distance(place(), { x: 18.5, y: 5, z: 14.5 }) <= 2);
    ends(await companion.run('goto', { player: 'Anna' }), 'done', '');
    assert.ok(distance(place(), place('Anna')) <= 4);
    ends(await companion.run('goto', { x: 18, y: 30, z: 14 }, { seconds: 8 }), 'failed', 'NO_PATH');
    ends(await companion.run('goto', { player: 'Nobody' }), 'failed', 'NOT_FOUND');
    for (const name of ['__proto__', 'constructor'])
        ends(await companion.run('goto', { player: name }), 'failed', 'NOT_FOUND');
});

test('a bot follows its owner until it is stopped, also while it speaks', async () => {
    await stand(14, 10);
    ends(await companion.run('follow', {}), 'done', '', { player: 'Anna' });
    server.teleport('Anna', { x: 20.5, y: 5, z: 20.5 });
    await companion.wait('state', ({ doing }) => doing === 'follow');
    await eventually('the bot follows', () => distance(place(), { x: 20.5, y: 5, z: 20.5 }) < 4);
    ends(await companion.run('say', { text: 'here I am' }), 'done', '');
    server.teleport('Anna', { x: 10.5, y: 5, z: 10.5 });
    await eventually('the bot follows', () => distance(place(), { x: 10.5, y: 5, z: 10.5 }) < 4);
    ends(await companion.run('stop'), 'done', '');
    await companion.wait('state', ({ doing }) => doing === 'idle');
});

test('AIRI-51: a bot breaks three blocks, and the server has them no longer', async () => {
    const stones = [25, 26, 27].map((x) => ({ x, y: 5, z: 5 }));
    for (const stone of stones) await server.setBlock(stone, 'oak_leaves');
    await stand(25, 8);
    const mined = await companion.run('mine', { block: 'minecraft:oak_leaves', count: 3 });
    ends(mined, 'done', '', { block: 'oak_leaves', mined: 3 });
    assert.equal(mined.blocks, 3);
    for (const stone of stones) assert.equal(await server.blockAt(stone), 'air');
});

test('a bot places a block from its inventory, and nothing where something is', async () => {
    await stand(4, 4);
    await gives('cobblestone', 5);
    const at = { x: 6, y: 5, z: 4 };
    const placed = await companion.run('place', { block: 'cobblestone', ...at });
    ends(placed, 'done', '', { block: 'cobblestone', position: at });
    assert.equal(placed.blocks, 1);
    assert.equal(await server.blockAt(at), 'cobblestone');
    ends(await companion.run('place', { block: 'cobblestone', ...at }), 'failed', 'OCCUPIED');
    ends(await companion.run('place', { block: 'cobblestone', x: 6, y: 8, z: 6 }), 'failed', 'NO_SUPPORT');
    ends(await companion.run('place', { block: 'stone', x: 6, y: 5, z: 6 }), 'failed', 'NO_ITEM');
});

test('a bot gives items to a player', async () => {
    await stand(12, 12);
    await gives('apple', 4);
    ends(await companion.run('give', { player: 'Anna', item: 'apple', count: 3 }), 'done', '', { given: 3 });
    assert.equal(server.countOf('Companion', 'apple'), 1);
    ends(await companion.run('give', { player: 'Anna', item: 'apple', count: 3 }), 'failed', 'NO_ITEM');
});

test('a bot never says a command, nor more than a line', async () => {
    companion.send({ stop: {} });
    const texts = ['/op Companion', '\n/op x', 'hi\n/op y', ' \u200b//stop', `\u0000a\u0007b§c${'x'.repeat(300)}`];
    for (const text of texts) ends(await companion.run('say', { text }), 'done', '');
    ends(await companion.run('say', { text: ' / \n/' }), 'refused', 'EMPTY');
    const before = sent('Companion').length;
    const wanted = ['op Companion', 'op x', 'hi /op y', 'stop'];
    await eventually('the bot says it all', () => sent('Companion').some(({ text }) => text?.startsWith('a b')));
    const said = sent('Companion').filter(({ text }) => text !== 'here I am');
    assert.ok(before < sent('Companion').length); // a message a second
    assert.deepEqual(
        said.slice(0, 4).map(({ text, command }) => text ?? { command }),
        wanted,
    );
    assert.equal(said[4].text.length, 256);
    assert.equal(said.length, 5);
});

test('a bot that says more than its pace is refused, and a stop drops what waits', async () => {
    const results = [];
    for (let n = 0; n < 8; ++n) results.push(await companion.run('say', { text: `number ${n}` }));
    assert.ok(results.some(({ outcome, error }) => outcome === 'refused' && error === 'TOO_FAST'));
    ends(await companion.run('stop'), 'done', '');
    ends(await companion.run('say', { text: 'the last' }), 'done', '');
    await eventually('the last is said', () => sent('Companion').some(({ text }) => text === 'the last'));
    assert.ok(sent('Companion').filter(({ text }) => text?.startsWith('number')).length <= 2);
});

test('a bot hears what others say, with their name, and nothing of its own', async () => {
    anna.say('dig three blocks');
    const heard = await companion.wait('chat', ({ text }) => text === 'dig three blocks');
    assert.deepEqual(heard, { player: 'Anna', text: 'dig three blocks', whisper: false });
    assert.ok(companion.all('chat').every(({ player }) => player === 'Anna'));
});

test('each bound ends a command: distance, blocks, time, protected blocks, mobs that are not hostile', async () => {
    await stand(14, 10);
    ends(await companion.run('goto', { x: 200, y: 5, z: 10 }), 'refused', 'TOO_FAR');
    const carried = companion.begin('goto', { x: 8, y: 5, z: 8 }, { distance: 12 });
    await eventually('the bot walks', () => distance(place(), { x: 14.5, y: 5, z: 10.5 }) > 1);
    server.teleport('Companion', { x: 28.5, y: 5, z: 10.5 });
    ends(await companion.result(carried), 'failed', 'TOO_FAR');
    await stand(14, 10);
    ends(await companion.run('mine', { block: 'dirt', count: 3 }, { blocks: 2 }), 'refused', 'TOO_MANY_BLOCKS');
    const none = { blocks: 0 };
    ends(await companion.run('place', { block: 'dirt', x: 1, y: 5, z: 1 }, none), 'refused', 'TOO_MANY_BLOCKS');
    ends(await companion.run('goto', { x: 2, y: 5, z: 28 }, { seconds: 0.5 }), 'failed', 'TIMED_OUT');
    for (const block of ['tnt', 'chest', 'lava', 'fire', 'bedrock', 'oak_door', 'red_bed', 'oak_wall_sign', 'barrel'])
        ends(await companion.run('mine', { block }), 'refused', 'PROTECTED');
    for (const block of ['tnt', 'chest', 'respawn_anchor', 'wither_skeleton_skull'])
        ends(await companion.run('place', { block, x: 15, y: 5, z: 15 }), 'refused', 'PROTECTED');
    for (const target of ['player', 'villager', 'wolf', 'iron_golem', 'constructor'])
        ends(await companion.run('attack', { target }), 'refused', 'FORBIDDEN');
});

test('a bot leaves a block alone that keeps lava out or something of others up', async () => {
    await server.setBlock({ x: 30, y: 5, z: 30 }, 'gold_block');
    await server.setBlock({ x: 31, y: 5, z: 30 }, 'lava');
    await stand(28, 28);
    ends(await companion.run('mine', { block: 'gold_block' }), 'failed', 'NOT_FOUND');
    assert.equal(await server.blockAt({ x: 30, y: 5, z: 30 }), 'gold_block');
    await server.setBlock({ x: 31, y: 5, z: 30 }, 'air');
});

test('unknown verbs and absurd arguments are refused', async () => {
    const cases = [
        ['dance', {}, 'UNKNOWN_VERB'],
        ['constructor', {}, 'UNKNOWN_VERB'],
        ['goto', { x: 1e300, y: 5, z: 1 }, 'BAD_ARGUMENTS'],
        ['goto', { x: '1', y: 5, z: 1 }, 'BAD_ARGUMENTS'],
        ['goto', { player: 'Anna; drop' }, 'BAD_ARGUMENTS'],
        ['mine', { block: 'dirt', count: 1e9 }, 'BAD_ARGUMENTS'],
        ['mine', { block: '../dirt' }, 'BAD_ARGUMENTS'],
        ['say', { text: 'x', whisper: true }, 'BAD_ARGUMENTS'],
        ['give', [], 'BAD_ARGUMENTS'],
    ];
    for (const [verb, given, error] of cases) ends(await companion.run(verb, given), 'refused', error);
    ends(await companion.run('look', {}, { seconds: -1 }), 'refused', 'BAD_ARGUMENTS');
    ends(await companion.run('mine', { block: 'no_such_block' }), 'failed', 'NOT_FOUND');
});

test('a stop ends a command at once, and a new command stops the one before', async () => {
    await stand(2, 2);
    const walking = companion.begin('goto', { x: 28, y: 5, z: 28 });
    await eventually('the bot walks', () => distance(place(), { x: 2.5, y: 5, z: 2.5 }) > 1);
    companion.send({ stop: {} });
    ends(await companion.result(walking), 'stopped', '');
    await companion.wait('state', ({ doing }) => doing === 'idle');
    const ids = [1, 2, 3].map((z) => companion.begin('goto', { x: 20, y: 5, z }));
    const results = await Promise.all(ids.map((id) => companion.result(id)));
    assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['stopped', 'stopped', 'done'],
    );
    const order = companion
        .all('result')
        .map(({ id }) => id)
        .filter((id) => ids.includes(id));
    assert.deepEqual(order, ids);
});

test('a server that ignores a dig or a block confirms nothing, and the command ends in time', async () => {
    const { _client: client } = server.server.getPlayer('Companion');
    for (const packet of ['block_dig', 'block_place']) client.removeAllListeners(packet);
    await server.setBlock({ x: 20, y: 5, z: 4 }, 'oak_leaves');
    await stand(20, 2); // which the bot hears of after the block
    const mined = await companion.run('mine', { block: 'oak_leaves' }, { distance: 8 });
    ends(mined, 'failed', 'UNCONFIRMED', { mined: 0 });
    assert.equal(mined.blocks, 1); // tried: perhaps it is broken
    await gives('cobblestone', 1);
    const placing = companion.run('place', { block: 'cobblestone', x: 21, y: 5, z: 2 }, { seconds: 1.5 });
    ends(await placing, 'failed', 'TIMED_OUT');
    companion.send({ leave: {} });
    assert.equal(await companion.exit, 0);
    assert.deepEqual(companion.all('left'), [{ reason: 'ended', text: '' }]);
    assert.deepEqual(companion.broken, []);
});

test('a bot that is kicked, cut off or has a name in use says why and exits', async () => {
    const [first, second, twin, late] = Array.from({ length: 4 }, newBot);
    await Promise.all([first.join(server, 'First'), second.join(server, 'Second', { version: null })]);
    await twin.join(server, 'First');
    const { reason } = await first.wait('left');
    assert.equal(reason, 'refused');
    assert.equal(await first.exit, 1);
    server.refused.set('Late', 'You are already connected');
    late.send({ join: { host: '127.0.0.1', port: server.port, version: '1.20.2', username: 'Late', owner: null } });
    assert.deepEqual(await late.wait('left'), { reason: 'refused', text: 'You are already connected' });
    server.kick('First', 'no bots\nhere');
    assert.deepEqual(await twin.wait('left'), { reason: 'kicked', text: 'no bots here' });
    assert.equal(await twin.exit, 1);
    server.cut('Second');
    assert.equal((await second.wait('left')).reason, 'disconnected');
    assert.equal(await second.exit, 1);
});

test('a bot leaves a killed server as disconnected', async () => {
    const port = await freePort();
    const program = fileURLToPath(new URL('../support/js/games/minecraft_server.mjs', import.meta.url));
    const child = spawn(process.execPath, [program], {
        env: { ...process.env, PORT: String(port) },
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
        let printed = '';
        child.stdout.on('data', (data) => (printed += data));
        await eventually('the server is ready', () => printed.includes(`127.0.0.1:${port}`));
        const bot = newBot();
        await bot.join({ port, version: '1.20.2' }, 'Lonely');
        child.kill('SIGKILL');
        assert.equal((await bot.wait('left')).reason, 'disconnected');
        assert.equal(await bot.exit, 1);
    } finally {
        child.kill('SIGKILL');
    }
});

test('a bot leaves unsupported versions, closed ports and silent servers before it has joined', async () => {
    const silent = net.createServer(() => {});
    await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address();
    const join = { host: '127.0.0.1', port: server.port, version: '1.20.2', username: 'Nobody', owner: null };
    const cases = [
        [{ version: '1.8.9' }, 'unsupported'],
        [{ version: '__proto__' }, 'unsupported'],
        [{ port: await freePort() }, 'unreachable'],
        [{ port, seconds: 2 }, 'unreachable'],
        [{ port, seconds: 2, version: null }, 'unreachable'],
    ];
    try {
        const leave = async ([more, reason]) => {
            const bot = newBot();
            bot.send({ join: { ...join, ...more } });
            assert.equal((await bot.wait('left')).reason, reason, JSON.stringify(more));
            assert.equal(await bot.exit, 1);
        };
        await Promise.all(cases.map(leave));
        assert.ok(!server.players().includes('Nobody'));
    } finally {
        silent.close();
    }
});

test('rubbish on stdin is answered by faults, and the end of stdin ends the bot', async () => {
    const bot = newBot();
    bot.write('not JSON\n[]\n{"dance":{}}\n{"join":{"host":"a b"}}\n{"join":7}\n{"stop":{},"leave":{}}\n');
    bot.child.stdin.write(Buffer.from([0xff, 0xfe, 0x0a]));
    bot.write(`{"command":{"id":"${'x'.repeat(70_000)}`);
    bot.write(`${'x'.repeat(70_000)}"}}\n`);
    bot.write('{"command":{"verb":"look"}}\n');
    ends(await bot.run('look'), 'failed', 'NOT_JOINED');
    assert.equal(bot.all('fault').length, 9);
    await bot.join(server, 'Reader');
    ends(await bot.run('look'), 'done', '');
    bot.child.stdin.end();
    assert.equal(await bot.exit, 0);
    assert.deepEqual(bot.all('left'), [{ reason: 'ended', text: '' }]);
    await eventually('the bot is out of the game', () => !server.players().includes('Reader'));
});

test('AIRI-52: reflexes eat, fight back, flee when weak and get out of lava', async () => {
    const bot = newBot();
    await bot.join(server, 'Reflex');
    const player = server.server.getPlayer('Reflex');
    const target = { x: 20.5, y: 5, z: 24.5 };
    const stands = async () => {
        server.teleport('Reflex', target); // again when the server placed it where it joined meanwhile
        const { detail } = await bot.run('look');
        return distance(detail.position, target) < 0.4;
    };
    await eventually('the bot stands there', stands, { every: 250 });
    let eats = 0;
    player._client.on('use_item', () => ++eats);
    server.give('Reflex', 'bread', 2);
    server.setFood('Reflex', 10);
    await eventually('the bot eats', () => eats > 0);
    server.setFood('Reflex', 20);
    const zombie = server.spawnMob('zombie', { x: 21.5, y: 5, z: 25.5 });
    await eventually('the bot fights back', () => zombie.health < 20);
    // The strokes have pushed the first one away.
    zombie.remove();
    const next = server.spawnMob('zombie', place('Reflex').offset(1, 0, 1));
    server.setHealth('Reflex', 5);
    await eventually('the bot flees', () => distance(place('Reflex'), next.position) > 5);
    next.remove();
    server.setHealth('Reflex', 20);
    await bot.wait('state', ({ doing }) => doing === 'flee' || doing === 'idle');
    const feet = place('Reflex').floored();
    await server.setBlock(feet, 'lava');
    await eventually('the bot leaves the lava', () => distance(place('Reflex').floored(), feet) >= 1);
    await server.setBlock(feet, 'air');
    bot.send({ leave: {} });
    assert.equal(await bot.exit, 0);
});
