// craft: by hand, or at a crafting table near by, one piece of work after the other.

import * as checks from '../checks.mjs';
import { Ended, Failure } from '../run.mjs';
import { countOf } from '../world.mjs';
import { near, walk } from './walk.mjs';

function findTable(bot, run) {
    const table = bot.registry.blocksByName.crafting_table;
    const maxDistance = Math.min(run.limits.distance, 32);
    const block = table && bot.findBlock({ matching: table.id, maxDistance });
    return block && !run.leaves(block.position) ? block : null;
}

export default {
    read(given) {
        const { item, count } = checks.keys(given, 'item', 'count');
        return { item: checks.name(item, 'item'), count: checks.count(count, 256) };
    },

    async act(bot, run, { item, count }) {
        if (!Object.hasOwn(bot.registry.itemsByName, item)) throw new Failure('NOT_FOUND', `no item is named ${item}`);
        const { id } = bot.registry.itemsByName[item];
        if (bot.recipesAll(id, null, true).length === 0) throw new Failure('NO_RECIPE', `${item} cannot be crafted`);
        run.usesHands = true;
        const table = findTable(bot, run);
        const before = countOf(bot, item);
        run.detail = { item, crafted: 0 };
        while (run.detail.crafted < count) {
            const [recipe] = [...bot.recipesFor(id, null, 1, null), ...bot.recipesFor(id, null, 1, table)];
            if (!recipe) {
                const atTable = bot.recipesFor(id, null, 1, true).length > 0;
                throw atTable
                    ? new Failure('NO_TABLE', 'no crafting table is near')
                    : new Failure('NO_ITEM', 'ingredients');
            }
            if (recipe.requiresTable) {
                const place = table.position;
                await walk(bot, run, near(place, 2), () => bot.entity.position.distanceTo(place) <= 4);
            }
            try {
                await run.step(bot.craft(recipe, 1, recipe.requiresTable ? table : undefined));
            } catch (error) {
                throw error instanceof Ended ? error : new Failure('FAILED', error.message);
            }
            const crafted = countOf(bot, item) - before;
            if (crafted <= run.detail.crafted) throw new Failure('UNCONFIRMED', 'the inventory has no more of it');
            run.detail.crafted = crafted;
        }
        return run.detail;
    },
};
