// A Minecraft server: flying-squid with a flat world, without accounts, whose world and chat a test reads. It needs no
// files. As a program it takes PORT (25565) and VERSION (1.20.2), prints a line when players may join, and ends with
// SIGTERM.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { freePort } from '../system/process.mjs';
import { eventually } from '../system/wait.mjs';

const require = createRequire(import.meta.url);

// Resolves when players may join. Of a position: { x, y, z }.
export async function start({ port, version = '1.20.2' } = {}) {
    const flyingSquid = require('flying-squid');
    const { Vec3 } = require('vec3');
    port ??= await freePort();
    const server = flyingSquid.createMCServer({
        ...{ host: '127.0.0.1', port, version, 'online-mode': false, 'max-players': 60, 'max-entities': 500 },
        ...{
            motd: 'airi',
            logging: false,
            noConsoleOutput: true,
            gameMode: 0,
            difficulty: 0,
            'view-distance': 4,
            kickTimeout: 30_000,
        },
        ...{ 'everybody-op': false, plugins: {}, generation: { name: 'superflat', options: {} } },
        'player-list-text': { header: { text: '' }, footer: { text: '' } },
    });
    server.log = () => {};
    // flying-squid 1.12.0 lacks, for 1.20.2, the type of a player's entity and the mobs that minecraft-data does not
    // call mobs.
    const { entitiesByName, mobs } = server.registry;
    for (const entity of Object.values(entitiesByName)) mobs[entity.id] ??= entity;
    const refused = new Map(); // the names of those who may not join, with the reasons
    const said = []; // { player, text } as the server got it; { player, command } of what it took for one
    const errors = [];
    server.on('error', (error) => errors.push(error));
    server.on('clientError', (client, error) => errors.push(error));
    server.on('newPlayer', (player) => {
        player.entityType = entitiesByName.player.id;
        // It sends the list of players to all but the one who joins.
        const listPlayers = server._sendPlayerList;
        server._sendPlayerList = (toPlayer) => {
            listPlayers(toPlayer);
            listPlayers({ _writeOthers: (name, packet) => player._client.write(name, packet) });
        };
        const { username } = player._client;
        if (refused.has(username)) return player.kick(refused.get(username));
        // As the vanilla server does; flying-squid takes both.
        server.getPlayer(username)?.kick('You logged in from another location');
        player.on('chat_cancel', ({ text }) => said.push({ player: player.username, text }));
        player.on('command_cancel', ({ command }) => said.push({ player: player.username, command }));
    });
    await server.waitForReady(10_000);

    const at = ({ x, y, z }) => new Vec3(x, y, z);
    const world = () => server.overworld;
    const playerNamed = (name) => {
        const player = server.getPlayer(name);
        if (!player) throw new Error(`${name} is not in the game`);
        return player;
    };
    const itemsOf = (name) => playerNamed(name).inventory.items();
    return {
        port,
        version,
        said,
        refused,
        errors,
        server,
        blockAt: async (position) => (await world().getBlock(at(position))).name,
        // In the world and for its players.
        async setBlock(position, name) {
            const { defaultState } = server.registry.blocksByName[name];
            await server.setBlock(world(), at(position), defaultState);
        },
        players: () => server.players.map(({ username }) => username).sort(),
        positionOf: (name) => playerNamed(name).position.clone(),
        // The number of an item that a player has.
        countOf: (name, item) =>
            itemsOf(name).reduce((sum, { name: kind, count }) => sum + (kind === item ? count : 0), 0),
        give(name, item, count = 1) {
            const { inventory } = playerNamed(name);
            const Item = require('prismarine-item')(server.registry);
            const slot = inventory.firstEmptyHotbarSlot();
            inventory.updateSlot(slot, new Item(server.registry.itemsByName[item].id, count));
        },
        setFood: (name, food) => playerNamed(name).updateFood(food),
        setHealth: (name, health) => playerNamed(name).updateHealth(health),
        // A mob, which stands still.
        spawnMob(name, position, health = 20) {
            const mob = server.spawnMob(entitiesByName[name].id, world(), at(position));
            mob.health = health;
            return {
                get health() {
                    return mob.health;
                },
                get position() {
                    return mob.position.clone();
                },
                remove: () => mob.destroy(),
            };
        },
        teleport: (name, position) => playerNamed(name).teleport(at(position)),
        kick: (name, reason) => playerNamed(name).kick(reason),
        // The player's connection breaks without a word.
        cut: (name) => playerNamed(name)._client.socket.destroy(),
        stop: () => stopServer(server),
    };
}

async function stopServer(server) {
    for (const player of [...server.players]) player._client.socket?.destroy();
    server.players = []; // destroy() makes what is still told to them an error
    await server.destroy().catch(() => {}); // it waits for clients of a second
}

// A player who stands at a place of the server's and speaks.
export async function joinAsPlayer(server, username, place) {
    const { port, version } = server;
    const require = createRequire(new URL('../../../../workers/gaming/bot/package.json', import.meta.url));
    const mineflayer = require('mineflayer');
    const bot = mineflayer.createBot({
        ...{ host: '127.0.0.1', port, version, username, auth: 'offline', profilesFolder: false },
        ...{ logErrors: false, hideErrors: true, viewDistance: 'tiny' },
    });
    const heard = [];
    bot.on('messagestr', (line) => heard.push(line));
    await new Promise((resolve, reject) => {
        bot.once('spawn', resolve);
        for (const event of ['kicked', 'error', 'end']) bot.once(event, (why) => reject(new Error(`${event}: ${why}`)));
    });
    bot.on('error', () => {});
    // Again when the client told its own place meanwhile, which the server takes.
    const stands = () => {
        server.teleport(username, place);
        return bot.entity.position.distanceTo(place) < 0.4;
    };
    await eventually(`${username} stands there`, stands, { every: 250 });
    return {
        username,
        heard,
        say: (text) => bot.chat(text),
        position: () => bot.entity.position.clone(),
        inventory: () => bot.inventory.items(),
        async leave() {
            const ended = new Promise((resolve) => bot.once('end', resolve));
            bot.quit();
            await ended;
        },
    };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const { PORT, VERSION } = process.env;
    const running = await start({ port: Number(PORT ?? 25565), version: VERSION || '1.20.2' });
    console.log(`Minecraft ${running.version} on 127.0.0.1:${running.port}`);
    const end = () => running.stop().finally(() => process.exit(0));
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, end);
}
