// Reflexes keep the bot alive between two commands, without a model: it eats, gets out of lava, fire and deep water,
// fights hostile mobs back and flees from them when it is weak. A reflex breaks no block and touches no player.

import { diagnose } from './lines.mjs';
import { halt, within } from './run.mjs';
import { hostileWithin, swing } from './verbs/attack.mjs';
import { away } from './verbs/walk.mjs';

const interval = 400; // ms between two looks
const hungry = 14; // of 20; health regenerates from 18 on
const weak = 8; // health, of 20
const harmful = new Set(['lava', 'fire', 'soul_fire', 'campfire', 'soul_campfire', 'magma_block', 'cactus']);
const poisonous = new Set([
    'rotten_flesh',
    'spider_eye',
    'poisonous_potato',
    'pufferfish',
    'chicken',
    'suspicious_stew',
]);

export class Reflexes {
    #busy = false;
    #lastStroke = 0;

    constructor(bot, commands, following) {
        Object.assign(this, { bot, commands, following, doing: null });
        this.timer = setInterval(() => this.look(), interval);
        bot.on('death', () => {
            commands.endsBy('DIED');
            this.doing = 'dead';
        });
        bot.on('spawn', () => (this.doing = null));
    }

    end() {
        clearInterval(this.timer);
    }

    look() {
        if (this.#busy || this.doing === 'dead' || !this.bot.entity?.position) return;
        const act = this.choose();
        if (!act) return;
        this.#busy = true;
        act()
            .catch((error) => diagnose('warning', error.message))
            .finally(() => {
                this.#busy = false;
                if (this.doing !== 'dead') this.doing = null;
                this.following.renew({ again: true });
            });
    }

    choose() {
        const { bot } = this;
        if (this.inHarm()) return () => this.leaveHarm();
        if (this.drowns()) return () => this.surface();
        const mob = hostileWithin(bot, 3);
        if (mob && bot.health <= weak) return () => this.flee(mob);
        if (mob) return this.commands.running?.verb === 'attack' ? null : () => this.strike(mob);
        const food = bot.food < hungry && !this.commands.running?.usesHands && this.food();
        return food ? () => this.eat(food) : null;
    }

    // At the feet, at the head or below.
    around() {
        const feet = this.bot.entity.position;
        return [0, 1, -0.2].map((height) => this.bot.blockAt(feet.offset(0, height, 0))?.name);
    }

    inHarm() {
        return this.around().some((name) => harmful.has(name));
    }

    drowns() {
        return this.around()[1] === 'water' && this.bot.oxygenLevel < 12;
    }

    // A place near by to stand on, dry and cool; the nearest comes first.
    wayOut() {
        const { bot } = this;
        const free = (position, height) => bot.blockAt(position.offset(0, height, 0))?.name.endsWith('air');
        const matching = (block) => block.boundingBox === 'block' && !harmful.has(block.name);
        return bot
            .findBlocks({ matching, maxDistance: 10, count: 256 })
            .find((position) => free(position, 1) && free(position, 2));
    }

    // The pathfinder does not lead out of lava: straight on, jumping.
    async leaveHarm() {
        this.begin('escape');
        const place = this.wayOut();
        if (place) await this.bot.lookAt(place.offset(0.5, 2, 0.5), true);
        for (const key of ['jump', 'forward']) this.bot.setControlState(key, true);
        await this.untilTick(4000, () => !this.inHarm());
        this.bot.clearControlStates();
    }

    async surface() {
        this.begin('surface');
        this.bot.setControlState('jump', true);
        await this.untilTick(8000, () => this.around()[1] !== 'water');
        this.bot.clearControlStates();
    }

    async flee(mob) {
        this.begin('flee');
        const { bot } = this;
        bot.pathfinder.setGoal(away(bot, mob, 12));
        await this.untilTick(4000, () => !mob.isValid || mob.position.distanceTo(bot.entity.position) >= 12);
        // A command that has begun meanwhile has its own goal.
        if (!this.commands.running) halt(bot);
    }

    // Ends the command: its goal would lead back.
    begin(doing) {
        this.doing = doing;
        this.commands.endsBy('IN_DANGER');
        halt(this.bot);
    }

    // Resolves when a tick of the game finds the condition true, after `ms`, or at its death.
    untilTick(ms, condition) {
        const { bot } = this;
        return within(ms, (done) => {
            const look = () => (this.doing === 'dead' || condition()) && done(true);
            bot.on('physicsTick', look);
            return () => bot.off('physicsTick', look);
        });
    }

    async strike(mob) {
        const { bot } = this;
        if (performance.now() - this.#lastStroke < swing || this.commands.running?.usesHands) return;
        this.doing = 'fight';
        this.#lastStroke = performance.now();
        await bot.lookAt(mob.position.offset(0, 1, 0), true);
        bot.attack(mob);
    }

    food() {
        const { foodsByName } = this.bot.registry;
        return this.bot.inventory.items().find(({ name }) => Object.hasOwn(foodsByName, name) && !poisonous.has(name));
    }

    async eat(food) {
        this.doing = 'eat';
        await this.bot.equip(food, 'hand');
        await this.bot.consume();
    }
}
