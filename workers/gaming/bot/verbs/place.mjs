// place: puts a block from the inventory at a place, against a block beside it.

import { Vec3 } from 'vec3';

import { isProtected, refuseProtected } from '../bounds.mjs';
import * as checks from '../checks.mjs';
import { Ended, Failure, Refusal } from '../run.mjs';
import { near, walk } from './walk.mjs';

const sides = [
    [0, -1, 0],
    [1, 0, 0],
    [-1, 0, 0],
    [0, 0, 1],
    [0, 0, -1],
    [0, 1, 0],
].map((side) => new Vec3(...side));

// Blocks that open or switch when they are clicked.
const clickable = new RegExp(
    'table$|^(stonecutter|loom|grindstone|lever|repeater|comparator|note_block|cake|bell|flower_pot|observer)$|' +
        'button|_gate|^potted_|candle',
);

const isFree = (block) =>
    block?.boundingBox === 'empty' && ['air', 'cave_air', 'grass', 'short_grass', 'snow'].includes(block.name);

// The side of a whole block beside the place that may be clicked, as from that block.
function support(bot, position) {
    for (const side of sides) {
        const block = bot.blockAt(position.plus(side));
        if (block?.boundingBox === 'block' && !isProtected(block.name) && !clickable.test(block.name))
            return { block, face: side.scaled(-1) };
    }
    throw new Failure('NO_SUPPORT', 'no block is beside the place');
}

const isIn = (entity, position) => {
    const { x, y, z } = entity.position;
    const half = (entity.width ?? 0.6) / 2;
    return (
        x + half > position.x &&
        x - half < position.x + 1 &&
        z + half > position.z &&
        z - half < position.z + 1 &&
        y + (entity.height ?? 1.8) > position.y &&
        y < position.y + 1
    );
};

export default {
    read(given) {
        const { block } = checks.keys(given, 'block', 'x', 'y', 'z');
        return { block: checks.name(block, 'block'), ...checks.position(given) };
    },

    async act(bot, run, { block, x, y, z }) {
        refuseProtected(block);
        if (run.limits.blocks < 1) throw new Refusal('TOO_MANY_BLOCKS');
        const position = new Vec3(x, y, z).floored();
        run.reach(position);
        const item = bot.inventory.items().find(({ name }) => name === block);
        if (!item || !Object.hasOwn(bot.registry.blocksByName, block)) throw new Failure('NO_ITEM', `no ${block}`);
        run.usesHands = true;
        const centre = position.offset(0.5, 0.5, 0.5);
        const close = () => bot.entity.position.offset(0, 1.62, 0).distanceTo(centre) <= 4.4;
        await walk(bot, run, near(position, 3), close);
        if (!isFree(bot.blockAt(position))) throw new Failure('OCCUPIED', 'a block is there');
        if (Object.values(bot.entities).some((entity) => entity.type !== 'object' && isIn(entity, position)))
            throw new Failure('OCCUPIED', 'someone stands there');
        const { block: beside, face } = support(bot, position);
        await run.step(bot.equip(item, 'hand'));
        if (bot.heldItem?.name !== block) throw new Failure('NO_ITEM', `${block} is not in the hand`);
        run.spend();
        try {
            await run.step(bot.placeBlock(beside, face));
        } catch (error) {
            if (error instanceof Ended) throw error;
        }
        // A torch at a wall is a wall_torch.
        if (bot.blockAt(position)?.name.replace('wall_', '') !== block.replace('wall_', '')) {
            run.blocks -= 1;
            throw new Failure('UNCONFIRMED', 'the server does not confirm it');
        }
        return { block, position: { x: position.x, y: position.y, z: position.z } };
    },
};
