// Runs one command at a time. A new one stops the one that runs, whose result comes first; what is said is said beside
// it.

import * as checks from './checks.mjs';
import { diagnose } from './lines.mjs';
import { Ended, Failure, Refusal, Run, halt } from './run.mjs';
import { keepsFollowing, verbs } from './verbs/verbs.mjs';

export class Commands {
    #run = null;
    #last = Promise.resolve();

    // `write` sends a message to the worker; the verbs use `tools` besides the bot: { following, speech, owner }.
    constructor(bot, write, tools) {
        Object.assign(this, { bot, write, tools });
    }

    get running() {
        return this.#run;
    }

    // Of a command as it came; resolves when its result is written.
    begin({ id, verb, arguments: given = {}, limits }) {
        const beside = verb === 'say';
        const previous = beside ? Promise.resolve() : this.#last;
        if (!beside) this.interrupt(new Ended('stopped', ''));
        let run;
        let perform;
        try {
            if (!Object.hasOwn(verbs, verb)) throw new Refusal('UNKNOWN_VERB', 'no verb has this name');
            const { read, act } = verbs[verb];
            const checked = read(given);
            run = new Run(this.bot, { id, verb, limits: checks.limits(limits) });
            perform = () => act(this.bot, run, checked, this.tools);
        } catch (error) {
            const reported = previous.then(() => this.#report(id, error));
            return beside ? reported : (this.#last = reported);
        }
        if (beside) return this.#carryOut(run, previous, perform);
        this.#run = run;
        return (this.#last = this.#carryOut(run, previous, perform));
    }

    async #carryOut(run, previous, perform) {
        let end;
        try {
            await previous;
            run.check();
            if (!keepsFollowing.has(run.verb)) this.tools.following.end();
            end = { outcome: 'done', error: '', detail: await perform() };
        } catch (error) {
            end = error;
        }
        run.release();
        if (this.#run === run) this.#run = null;
        this.#report(run.id, end, run);
    }

    #report(id, end, run) {
        if (end instanceof Ended) {
            const { outcome, code, text } = end;
            end = { outcome, error: code, detail: { ...run?.detail, ...(text && { text: text.slice(0, 200) }) } };
        } else if (end instanceof Error) {
            diagnose('error', end.stack);
            end = { outcome: 'failed', error: 'FAILED', detail: { ...run?.detail } };
        }
        const { outcome, error, detail } = end;
        this.write({ result: { id, outcome, error, detail, blocks: run?.blocks ?? 0 } });
    }

    // Ends the command that runs, if any.
    interrupt(ended) {
        this.#run?.end(ended);
        this.#run = null;
    }

    // The bot stops following a former owner.
    changeOwner(name) {
        const { following, owner } = this.tools;
        if (owner !== null && owner !== name && following.player === owner) following.end();
        this.tools.owner = name;
    }

    // Ends everything that the bot does or is about to do.
    stop() {
        this.interrupt(new Ended('stopped', ''));
        this.tools.following.end();
        this.tools.speech.clear();
        halt(this.bot);
    }

    endsBy(code) {
        this.interrupt(new Failure(code));
    }
}
