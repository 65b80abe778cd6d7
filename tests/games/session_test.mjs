// A session in a real Minecraft server: a paying user's companion joins, does what it is told, and answers there.

import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { withAccounts } from '../support/js/accounts.mjs';
import { joinAsPlayer, start } from '../support/js/games/minecraft_server.mjs';
import { begin, command, ended, player, read, until } from '../support/js/games/sessions.mjs';
import { afterFile } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const server = await start();
afterFile(() => server.stop());
const bot = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../workers/gaming/bot/bot.mjs');
const test = withAccounts({
    file: crypto.randomUUID(),
    separate: true,
    profile: 'airi',
    gaming: 2,
    gamingEnv: { GAME_SERVERS: `minecraft=127.0.0.1:${server.port}/${server.version}`, MINECRAFT_BOT: bot },
});
const floor = 3; // below the grass of the flat world

test('AIRI-50 AIRI-51 AIRI-52: a companion comes, digs three blocks, answers and leaves on time', async (stage) => {
    const user = await player(stage, 'pro');
    const made = await user.api('POST', '/gaming/minecraft/create-session', { max_duration: 10 });
    assert.equal(made.status, 201, made.text);
    const { id, conversation_id: conversation } = made.json.data;
    const { companion_name: name, connection_details: details } = await until(user, id, 'active');
    assert.ok(server.players().includes(name));
    const anna = await joinAsPlayer(server, 'Anna', { x: 6.5, y: 5, z: 6.5 });
    anna.say(`the code is ${details.access_code}`);
    await eventually('she may command', () => anna.heard.some((line) => line.includes('I listen to you now, Anna.')));
    assert.deepEqual((await read(user, id)).players, ['Anna']);
    // The server is slow to tell where she went.
    const sees = async () => {
        const { nearby = [] } = (await read(user, id)).state;
        const seen = nearby.find((one) => one.name === 'Anna');
        return seen && server.positionOf('Anna').distanceTo(seen.position) < 1;
    };
    await eventually('the companion sees where she stands', sees, { every: 300 });
    const ask = async (content) => {
        const sent = await user.wire.reply('message_send', {
            conversation_id: conversation,
            client_message_id: crypto.randomUUID(),
            content,
        });
        const { data } = await user.wire.receive(
            'the reply',
            (frame) => frame.type === 'message_complete' && frame.data.generation_id === sent.data.generation_id,
            30_000,
        );
        return data.message.metadata.tool_runs.map(({ result }) => JSON.parse(result));
    };
    const [came] = await ask('come [[stub calls=1 tool=game_goto arguments={"player":"Anna"} tokens=3]]');
    assert.equal(came.outcome, 'done', JSON.stringify(came));
    const near = server.positionOf(name).distanceTo(server.positionOf('Anna'));
    assert.ok(near < 4, `${near}`);
    const before = await grassBlocks();
    const [dug] = await ask('dig [[stub calls=1 tool=game_mine arguments={"block":"grass_block","count":3} tokens=5]]');
    assert.deepEqual([dug.outcome, dug.blocks], ['done', 3], JSON.stringify(dug));
    assert.equal(before - (await grassBlocks()), 3, 'the world has three blocks less');
    await eventually('it answers in the game', () =>
        anna.heard.some((line) => line.includes(name) && line.includes('tok0 tok1 tok2 tok3 tok4')),
    );
    anna.say('look around [[stub calls=1 tool=game_look arguments={} tokens=6]]');
    await eventually('it answers her words too', () => anna.heard.some((line) => line.includes('tok4 tok5')));
    assert.ok(!server.said.some((line) => line.command), 'nothing was a command of the server');
    await stage.system.rows("update gaming_sessions set ends_at = now() + interval '500 ms' where id = $1", [id]);
    const over = await until(user, id, 'completed');
    assert.equal(over.end_reason, 'time_over');
    await eventually('it has left the game', () => !server.players().includes(name));
    const [quota] = await stage.system.rows('select seconds, settled from gaming_quota where session_id = $1', [id]);
    assert.deepEqual(quota, { seconds: over.seconds, settled: true });
    await anna.leave();
});

// Of the ground around the place where players begin.
async function grassBlocks() {
    let count = 0;
    for (let x = -10; x < 20; ++x)
        for (let z = -10; z < 20; ++z) {
            for (const y of [floor, floor + 1]) if ((await server.blockAt({ x, y, z })) === 'grass_block') count += 1;
        }
    return count;
}

test('AIRI-52: a real companion is back after its worker is killed, and goes on', async (stage) => {
    const user = await player(stage, 'pro');
    const { id } = await begin(user);
    const { companion_name: name } = await until(user, id, 'active');
    const [{ owner }] = await stage.system.rows('select owner from gaming_sessions where id = $1', [id]);
    await stage.system.kill(owner.split('#')[0]);
    await eventually('its bot has left with the worker', () => !server.players().includes(name));
    await eventually('it is back', () => server.players().includes(name));
    const look = await ended(user, id, (await command(user, id, 'look')).id);
    assert.equal(look.result.outcome, 'done', JSON.stringify(look.result));
    await user.api('POST', `/gaming/sessions/${id}/end`, {});
    await until(user, id, 'completed');
    await stage.system.start(owner.split('#')[0]);
});
