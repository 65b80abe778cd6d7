// mine: walks to the nearest blocks of one kind and breaks them, as far as the server confirms it.

import { Vec3 } from 'vec3';

import { leansOn, refuseProtected } from '../bounds.mjs';
import * as checks from '../checks.mjs';
import { Ended, Failure, Refusal } from '../run.mjs';
import { isBroken, watchBlock } from './confirm.mjs';
import { near, walk } from './walk.mjs';

const sides = [
    [1, 0, 0],
    [-1, 0, 0],
    [0, 1, 0],
    [0, -1, 0],
    [0, 0, 1],
    [0, 0, -1],
].map((side) => new Vec3(...side));

// Neither what it stands on, nor what keeps a fluid out or something of others up.
function mayBreak(bot, run, position) {
    const feet = bot.entity.position.floored();
    if (position.equals(feet.offset(0, -1, 0)) || run.leaves(position)) return false;
    return sides.every((side) => {
        const beside = bot.blockAt(position.plus(side));
        return beside && !leansOn(beside.name);
    });
}

function nearest(bot, run, id, tried) {
    const maxDistance = Math.min(run.limits.distance, 48);
    return bot
        .findBlocks({ matching: id, maxDistance, count: 64 })
        .filter((position) => !tried.has(String(position)) && mayBreak(bot, run, position))
        .sort((a, b) => a.distanceTo(bot.entity.position) - b.distanceTo(bot.entity.position))[0];
}

async function equipTool(bot, run, block) {
    const tool = bot.pathfinder.bestHarvestTool(block);
    if (tool) await run.step(bot.equip(tool, 'hand'));
}

// The block has changed meanwhile, or cannot be reached: false.
async function breakBlock(bot, run, position, name) {
    const same = () => bot.blockAt(position)?.name === name;
    const reachable = () => bot.canDigBlock(bot.blockAt(position));
    await walk(bot, run, near(position, 3), reachable);
    if (!same() || !mayBreak(bot, run, position)) return false;
    await equipTool(bot, run, bot.blockAt(position));
    await run.step(bot.lookAt(position.offset(0.5, 0.5, 0.5), true));
    const block = bot.blockAt(position);
    if (!same() || !block.canHarvest(bot.heldItem?.type ?? null)) throw new Failure('NO_TOOL', `${name} needs a tool`);
    run.spend();
    const watched = watchBlock(bot, block);
    try {
        await run.step(bot.dig(block, 'ignore'));
        return await run.step(watched.confirmed());
    } catch (error) {
        // A block that the server has already taken away counts, whatever ended the command.
        if (!isBroken(bot.blockAt(position), block)) run.blocks -= 1;
        throw error;
    } finally {
        watched.close();
    }
}

export default {
    read(given) {
        const { block, count } = checks.keys(given, 'block', 'count');
        return { block: checks.name(block, 'block'), count: checks.count(count) };
    },

    async act(bot, run, { block, count }) {
        refuseProtected(block);
        if (count > run.limits.blocks) throw new Refusal('TOO_MANY_BLOCKS', `at most ${run.limits.blocks}`);
        if (!Object.hasOwn(bot.registry.blocksByName, block))
            throw new Failure('NOT_FOUND', `no block is named ${block}`);
        run.usesHands = true;
        run.detail = { block, mined: 0 };
        const tried = new Set();
        let failure = new Failure('NOT_FOUND', `no ${block} is near`);
        while (run.detail.mined < count) {
            const position = nearest(bot, run, bot.registry.blocksByName[block].id, tried);
            if (!position || tried.size >= 32) throw failure;
            tried.add(String(position));
            try {
                if (await breakBlock(bot, run, position, block)) run.detail.mined += 1;
                else failure = new Failure('UNCONFIRMED', 'the server does not confirm it');
            } catch (error) {
                run.check();
                if (error instanceof Ended && error.code !== 'NO_PATH') throw error;
                failure = error instanceof Ended ? error : new Failure('FAILED', error.message);
            }
        }
        return run.detail;
    },
};
