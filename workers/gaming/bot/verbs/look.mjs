// look: at a place, at a player, or around.

import { Vec3 } from 'vec3';

import * as checks from '../checks.mjs';
import { blocksAround, nearbyOf, point } from '../world.mjs';
import { seenPlayer } from './walk.mjs';

export default {
    read(given) {
        checks.keys(given, 'player', 'x', 'y', 'z');
        if (Object.keys(given).length === 0) return {};
        if (given.player !== undefined) return { player: checks.player(checks.keys(given, 'player').player) };
        return checks.position(given);
    },

    async act(bot, run, at) {
        if (at.player) {
            const entity = seenPlayer(bot, run, at.player);
            await run.step(bot.lookAt(entity.position.offset(0, 1.6, 0), true));
        } else if (at.x !== undefined) {
            const target = new Vec3(at.x, at.y, at.z);
            run.reach(target);
            await run.step(bot.lookAt(target, true));
        }
        const block = bot.blockAtCursor(5);
        return {
            position: point(bot.entity.position),
            facing: block ? { name: block.name, position: point(block.position) } : null,
            blocks: blocksAround(bot),
            nearby: nearbyOf(bot),
        };
    },
};
