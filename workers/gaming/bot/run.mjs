// One command that runs: its bounds, what it has done so far, and its end, which any of the bounds, a stop or a reflex
// may bring at any time.

// The end of a command: `outcome` is failed, stopped or refused; `code` the upper-case word of the protocol.
export class Ended extends Error {
    constructor(outcome, code, text = '') {
        super(text || code);
        this.outcome = outcome;
        this.code = code;
        this.text = text;
    }
}
export class Failure extends Ended {
    constructor(code, text) {
        super('failed', code, text);
    }
}
// Nothing was done, since a rule or the arguments do not allow it.
export class Refusal extends Ended {
    constructor(code, text) {
        super('refused', code, text);
    }
}

export class Run {
    #ended = null;
    #reject;
    #aborted;

    constructor(bot, { id, verb, limits }) {
        Object.assign(this, { bot, id, verb, limits, blocks: 0, detail: {}, usesHands: false });
        this.origin = bot.entity.position.clone();
        this.#aborted = new Promise((_, reject) => (this.#reject = reject));
        this.#aborted.catch(() => {});
        this.timer = setTimeout(() => this.end(new Failure('TIMED_OUT')), limits.seconds * 1000);
        this.watch = () => this.leaves(bot.entity.position) && this.end(new Failure('TOO_FAR'));
        bot.on('move', this.watch);
    }

    // Ends the command; the first end counts. Nothing that it began goes on.
    end(ended) {
        if (this.#ended) return;
        this.#ended = ended;
        this.release();
        halt(this.bot);
        this.#reject(ended);
    }

    release() {
        clearTimeout(this.timer);
        this.bot.off('move', this.watch);
    }

    check() {
        if (this.#ended) throw this.#ended;
    }

    // The value of a promise, unless the command ends before. Each wait of a verb goes through here, so that a verb
    // does nothing after its end.
    async step(promise) {
        promise.catch(() => {}); // it may fail after the end
        const value = await Promise.race([promise, this.#aborted]);
        this.check();
        return value;
    }

    leaves(position) {
        return position.distanceTo(this.origin) > this.limits.distance;
    }

    // Before anything is done towards a place.
    reach(position) {
        if (this.leaves(position)) throw new Refusal('TOO_FAR', `it is over ${this.limits.distance} blocks away`);
    }

    // Before a block is broken or placed.
    spend() {
        if (this.blocks >= this.limits.blocks) throw new Failure('TOO_MANY_BLOCKS');
        this.blocks += 1;
    }
}

// Stands still and lets go of everything.
export function halt(bot) {
    bot.pathfinder.setGoal(null);
    bot.clearControlStates();
    bot.stopDigging();
}

// `begin(done)` registers what calls done(value); resolves to null after `ms`. `begin` returns what undoes it.
export function within(ms, begin) {
    return new Promise((resolve) => {
        const done = (value) => {
            clearTimeout(timer);
            undo();
            resolve(value);
        };
        const timer = setTimeout(() => done(null), ms);
        const undo = begin(done);
    });
}
