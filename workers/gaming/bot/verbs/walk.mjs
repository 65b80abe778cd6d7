// goto and what the other verbs walk with. Walking neither breaks nor places a block, nor opens a door.

import pathfinding from 'mineflayer-pathfinder';
import { Vec3 } from 'vec3';

import * as checks from '../checks.mjs';
import { Ended, Failure } from '../run.mjs';
import { playerIn, point } from '../world.mjs';

const { Movements, goals } = pathfinding;

export function prepare(bot) {
    bot.loadPlugin(pathfinding.pathfinder);
    const movements = new Movements(bot);
    Object.assign(movements, { canDig: false, allow1by1towers: false, scafoldingBlocks: [], canOpenDoors: false });
    movements.blocksToAvoid.add(bot.registry.blocksByName.soul_fire?.id);
    movements.blocksToAvoid.add(bot.registry.blocksByName.magma_block?.id);
    bot.pathfinder.setMovements(movements);
    // The search blocks the event loop for tickTimeout of each 50 ms.
    Object.assign(bot.pathfinder, { thinkTimeout: 3000, tickTimeout: 15, searchRadius: 64 });
}

// Walks until `reached()`. The pathfinder also resolves when it has found no path, so the place decides.
export async function walk(bot, run, goal, reached) {
    if (reached()) return;
    try {
        await run.step(bot.pathfinder.goto(goal));
    } catch (error) {
        if (error instanceof Ended) throw error;
        if (!reached()) throw new Failure('NO_PATH', error.message);
    }
    if (!reached()) throw new Failure('NO_PATH');
}

export const near = (position, range) => new goals.GoalNear(position.x, position.y, position.z, range);
export const away = (bot, entity, range) => new goals.GoalInvert(new goals.GoalFollow(entity, range));

export const isAt = (bot, position, range) => bot.entity.position.distanceTo(position) <= range;

// The player's entity within the bounds of the command.
export function seenPlayer(bot, run, name) {
    const entity = playerIn(bot, name);
    if (!entity) throw new Failure('NOT_FOUND', 'the player is not in sight');
    run.reach(entity.position);
    return entity;
}

// A player moves on: after each walk the distance counts again.
export async function walkToPlayer(bot, run, name, range) {
    for (let tries = 0; tries < 8; ++tries) {
        const { position } = seenPlayer(bot, run, name);
        const target = position.clone();
        await walk(bot, run, near(target, range), () => isAt(bot, target, range + 1.5));
        if (isAt(bot, seenPlayer(bot, run, name).position, range + 1.5)) return;
    }
    throw new Failure('NO_PATH', 'the player moves away');
}

export default {
    read(given) {
        if (given?.player !== undefined) return { player: checks.player(checks.keys(given, 'player').player) };
        return checks.position(checks.keys(given, 'x', 'y', 'z'));
    },

    async act(bot, run, to) {
        if (to.player) {
            await walkToPlayer(bot, run, to.player, 2);
        } else {
            const target = new Vec3(Math.floor(to.x) + 0.5, to.y, Math.floor(to.z) + 0.5);
            run.reach(target);
            await walk(bot, run, near(target, 1), () => isAt(bot, target, 2));
        }
        return { position: point(bot.entity.position) };
    },
};
