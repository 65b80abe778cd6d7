// give: walks to a player and throws items to their feet.

import { Vec3 } from 'vec3';

import * as checks from '../checks.mjs';
import { Failure, within } from '../run.mjs';
import { countOf } from '../world.mjs';
import { seenPlayer, walkToPlayer } from './walk.mjs';

// Drops what is in the hand, all of it or one, as the key of the game does. The server answers with the thrown item
// alone: the inventory is the client's own affair
// (https://minecraft.wiki/w/Java_Edition_protocol/Packets#Player_Action).
function dropHeld(bot, most) {
    const { heldItem } = bot;
    const all = heldItem.count <= most;
    const count = all ? heldItem.count : 1;
    const seen = within(3000, (done) => {
        const look = ({ name }) => name === 'item' && done(true);
        bot.on('entitySpawn', look);
        return () => bot.off('entitySpawn', look);
    });
    bot._client.write('block_dig', { status: all ? 3 : 4, location: new Vec3(0, 0, 0), face: 0, sequence: 0 });
    const { slot } = heldItem;
    if (!all) heldItem.count -= 1;
    bot.inventory.updateSlot(slot, all ? null : heldItem);
    return { seen, count };
}

export default {
    read(given) {
        const { player, item, count } = checks.keys(given, 'player', 'item', 'count');
        return { player: checks.player(player), item: checks.name(item, 'item'), count: checks.count(count) };
    },

    async act(bot, run, { player, item, count }) {
        const before = countOf(bot, item);
        if (before < count) throw new Failure('NO_ITEM', `${before} ${item}`);
        run.usesHands = true;
        await walkToPlayer(bot, run, player, 2);
        const { position } = seenPlayer(bot, run, player);
        await run.step(bot.lookAt(position.offset(0, 0.5, 0), true));
        run.detail = { player, item, given: 0 };
        while (run.detail.given < count) {
            const held = bot.inventory.items().find(({ name }) => name === item);
            if (!held) throw new Failure('NO_ITEM', `no more ${item}`);
            await run.step(bot.equip(held, 'hand'));
            if (bot.heldItem?.name !== item) throw new Failure('NO_ITEM', `${item} is not in the hand`);
            const dropped = dropHeld(bot, count - run.detail.given);
            if (!(await run.step(dropped.seen))) throw new Failure('UNCONFIRMED', 'the item does not appear');
            run.detail.given += dropped.count;
        }
        return run.detail;
    },
};
