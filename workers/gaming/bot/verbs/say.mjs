// say: done as soon as the message is sent, or waits for its second.

import * as checks from '../checks.mjs';

export default {
    read: (given) => ({ text: checks.text(checks.keys(given, 'text').text) }),

    async act(bot, run, { text }, { speech }) {
        return { text: speech.say(text) };
    },
};
