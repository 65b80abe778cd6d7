// follow: a player, or without one the owner. Done at once; the bot then stays close to the player until a stop,
// another verb that moves it, or the bound of the distance from where it began.

import pathfinding from 'mineflayer-pathfinder';

import * as checks from '../checks.mjs';
import { halt, Refusal } from '../run.mjs';
import { playerIn } from '../world.mjs';
import { seenPlayer } from './walk.mjs';

export class Following {
    #entity = null;
    #watch = null;

    constructor(bot) {
        this.bot = bot;
        this.player = null;
    }

    begin(player, origin, distance) {
        Object.assign(this, { player, origin, distance });
        this.#entity = null;
        this.#watch = setInterval(() => this.renew(), 500);
        this.renew();
    }

    // The player may leave the sight and come back as another entity; the goal may be taken by a reflex meanwhile.
    renew({ again = false } = {}) {
        if (!this.player) return;
        if (this.bot.entity.position.distanceTo(this.origin) > this.distance) return this.end();
        const entity = playerIn(this.bot, this.player);
        if (entity === this.#entity && !again) return;
        this.#entity = entity;
        this.bot.pathfinder.setGoal(entity && new pathfinding.goals.GoalFollow(entity, 2), true);
    }

    end() {
        if (!this.player) return;
        clearInterval(this.#watch);
        this.player = null;
        halt(this.bot);
    }
}

export default {
    read(given) {
        const { player } = checks.keys(given, 'player');
        return { player: player === undefined ? null : checks.player(player) };
    },

    async act(bot, run, given, { following, owner }) {
        const player = given.player ?? owner;
        if (!player) throw new Refusal('BAD_ARGUMENTS', 'player is a name: there is no owner');
        seenPlayer(bot, run, player);
        following.begin(player, run.origin, run.limits.distance);
        return { player };
    },
};
