// attack: the nearest mob of a hostile kind, until it is gone. Players, villagers and animals are never attacked.

import { isHostile, isHostileName } from '../bounds.mjs';
import * as checks from '../checks.mjs';
import { Failure, Refusal, within } from '../run.mjs';
import { isAt, near, walk } from './walk.mjs';

export const swing = 650; // ms between two strokes, as a sword needs

const reach = 3.2; // blocks

export const hostileWithin = (bot, distance, name) =>
    bot.nearestEntity(
        (entity) =>
            isHostile(entity) &&
            (!name || entity.name === name) &&
            entity.position.distanceTo(bot.entity.position) <= distance,
    );

async function equipWeapon(bot, run) {
    const weapon = ['netherite', 'diamond', 'iron', 'stone', 'golden', 'wooden']
        .flatMap((material) => [`${material}_sword`, `${material}_axe`])
        .map((name) => bot.inventory.items().find((item) => item.name === name))
        .find(Boolean);
    if (weapon) await run.step(bot.equip(weapon, 'hand'));
}

// Resolves after `ms`, or when the entity is gone.
const goneWithin = (bot, entity, ms) =>
    within(ms, (done) => {
        const gone = (other) => other === entity && done(true);
        for (const event of ['entityDead', 'entityGone']) bot.on(event, gone);
        return () => ['entityDead', 'entityGone'].forEach((event) => bot.off(event, gone));
    });

// A blow throws the mob away while the bot walks: false when it is elsewhere by then.
async function approach(bot, run, mob) {
    const target = mob.position.clone();
    try {
        await walk(bot, run, near(target, 2), () => isAt(bot, target, reach));
        return isAt(bot, mob.position, reach);
    } catch (error) {
        run.check();
        if (error.code !== 'NO_PATH') throw error;
        return false;
    }
}

export default {
    read: (given) => ({ target: checks.name(checks.keys(given, 'target').target, 'target') }),

    async act(bot, run, { target }) {
        if (!isHostileName(target)) throw new Refusal('FORBIDDEN', `${target} is no hostile mob`);
        const mob = hostileWithin(bot, Math.min(run.limits.distance, 32), target);
        if (!mob) throw new Failure('NOT_FOUND', `no ${target} is near`);
        run.reach(mob.position);
        run.usesHands = true;
        run.detail = { target, strokes: 0 };
        await equipWeapon(bot, run);
        for (let misses = 0; ;) {
            if (isAt(bot, mob.position, reach)) {
                await run.step(bot.lookAt(mob.position.offset(0, (mob.height ?? 1.8) * 0.8, 0), true));
                bot.attack(mob);
                run.detail.strokes += 1;
            } else if (!(await approach(bot, run, mob)) && ++misses > 5) {
                throw new Failure('NO_PATH');
            }
            if (await run.step(goneWithin(bot, mob, swing))) return run.detail;
        }
    },
};
