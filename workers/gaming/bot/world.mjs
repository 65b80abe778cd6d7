// The bot's view of its world, as the protocol tells it: positions to a tenth of a block, names of the game's form.

import { isHostile } from './bounds.mjs';
import { playerName } from './checks.mjs';

const round = (value) => Math.round(value * 10) / 10;
export const point = ({ x, y, z }) => ({ x: round(x), y: round(y), z: round(z) });

// The other players of the server, at most 100.
export const playersOf = (bot) =>
    Object.keys(bot.players)
        .filter((name) => name !== bot.username && playerName.test(name))
        .sort()
        .slice(0, 100);

// The entity of a player in sight, or null.
export function playerIn(bot, name) {
    const entity = Object.hasOwn(bot.players, name) ? bot.players[name].entity : null;
    return entity && entity.isValid !== false && entity !== bot.entity ? entity : null;
}

export function inventoryOf(bot) {
    const counts = new Map();
    for (const { name, count } of bot.inventory.items()) counts.set(name, (counts.get(name) ?? 0) + count);
    return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => ({ name, count }));
}

export const countOf = (bot, name) => inventoryOf(bot).find((item) => item.name === name)?.count ?? 0;

// The nearest 20 entities within 32 blocks.
export function nearbyOf(bot) {
    const own = bot.entity.position;
    return Object.values(bot.entities)
        .filter((entity) => entity !== bot.entity && entity.position)
        .map((entity) => ({ entity, distance: entity.position.distanceTo(own) }))
        .filter(({ entity, distance }) => distance <= 32 && nameOf(entity))
        .sort((a, b) => a.distance - b.distance)
        .slice(0, 20)
        .map(({ entity, distance }) => ({
            name: nameOf(entity),
            kind: kindOf(entity),
            distance: round(distance),
            position: point(entity.position),
        }));
}

const nameOf = ({ type, username, name }) => {
    if (type === 'player') return playerName.test(username) ? username : null;
    return typeof name === 'string' && /^[a-z0-9_]{1,64}$/.test(name) ? name : null;
};
const kindOf = (entity) => {
    if (entity.type === 'player') return 'player';
    if (isHostile(entity)) return 'hostile';
    return ['object', 'orb', 'projectile', 'other'].includes(entity.type) ? 'object' : 'mob';
};

// The kinds of blocks within 8 blocks with the nearest of each, at most 24; air is none.
export function blocksAround(bot) {
    const own = bot.entity.position;
    const nearest = new Map();
    const found = bot.findBlocks({ matching: (block) => block.boundingBox === 'block', maxDistance: 8, count: 512 });
    for (const position of found) {
        const { name } = bot.blockAt(position);
        const distance = position.distanceTo(own);
        if (!(nearest.get(name)?.distance <= distance))
            nearest.set(name, { name, distance, position: point(position) });
    }
    return [...nearest.values()]
        .sort((a, b) => a.distance - b.distance)
        .slice(0, 24)
        .map((one) => ({ ...one, distance: round(one.distance) }));
}

export const stateOf = (bot, doing) => ({
    position: point(bot.entity.position),
    health: bot.health ?? 20,
    food: bot.food ?? 20,
    inventory: inventoryOf(bot),
    nearby: nearbyOf(bot),
    players: playersOf(bot),
    doing,
});
