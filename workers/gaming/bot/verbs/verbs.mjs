// The verbs by their names. Each has read(arguments), which returns checked ones or throws a Refusal, and
// act(bot, run, arguments, { following, speech }), which resolves to the detail of the result or throws an Ended.

import * as checks from '../checks.mjs';
import attack from './attack.mjs';
import craft from './craft.mjs';
import follow from './follow.mjs';
import give from './give.mjs';
import look from './look.mjs';
import mine from './mine.mjs';
import place from './place.mjs';
import say from './say.mjs';
import goto from './walk.mjs';

// The command before it was stopped when this one arrived.
const stop = {
    read: (given) => checks.keys(given),
    act: async (bot, run, given, { speech }) => {
        speech.clear();
        return {};
    },
};

export const verbs = { goto, follow, look, mine, place, craft, attack, give, say, stop };

// They do not move the bot, and a bot that follows goes on with it.
export const keepsFollowing = new Set(['say', 'look']);
