// Chat in both directions. What others say is untrusted, and so is what the bot is told to say.

import { plain, playerName } from './checks.mjs';
import { Refusal } from './run.mjs';

const interval = 1000; // ms between two messages: a vanilla server disconnects what writes faster for long
const queued = 5;
const heardPerSecond = 20;

// A line that a server never takes for a command: it begins with none of the characters that stand before one. Of at
// most 256 characters, as a message has (https://minecraft.wiki/w/Chat).
export const sayable = (text) => {
    const line = plain(text, 4096).replace(/^[\s/\p{C}]+/u, '');
    return plain(line, 256);
};

// Sends at most one message a second.
export class Speech {
    #queue = [];
    #last = -Infinity;
    #timer = null;

    constructor(bot) {
        this.bot = bot;
    }

    // Returns the text as it is sent, now or soon.
    say(text) {
        const line = sayable(text);
        if (!line) throw new Refusal('EMPTY', 'nothing of the text can be said');
        if (this.#queue.length >= queued) throw new Refusal('TOO_FAST', `${queued} messages are waiting`);
        this.#queue.push(line);
        this.#send();
        return line;
    }

    clear() {
        this.#queue = [];
        clearTimeout(this.#timer);
        this.#timer = null;
    }

    #send() {
        if (this.#timer || this.#queue.length === 0) return;
        const wait = this.#last + interval - performance.now();
        if (wait > 0) {
            this.#timer = setTimeout(() => {
                this.#timer = null;
                this.#send();
            }, wait);
            return;
        }
        this.#last = performance.now();
        this.bot.chat(this.#queue.shift());
        this.#send();
    }
}

// A player's message in the two forms of the vanilla game. Others, such as "[VIP] name: text" or "* name waves", are
// not read, since a player could write another one's name into them.
const forms = [
    { form: /^<([A-Za-z0-9_]{1,16})> (.*)$/su, whisper: false },
    { form: /^([A-Za-z0-9_]{1,16}) whispers(?: to you)?: (.*)$/su, whisper: true },
];

// `line` of mineflayer's messagestr with the sender's UUID, when the server gave one; null: no message of another
// player. The name is one of the players, and the sender's own.
export function readChat(line, sender, { username, players }) {
    for (const { form, whisper } of forms) {
        const [, player, text] = String(line).slice(0, 4096).match(form) ?? [];
        if (!player) continue;
        if (player === username || !playerName.test(player) || !Object.hasOwn(players, player)) return null;
        if (isReal(sender) && players[player].uuid !== sender) return null;
        return { player, text: plain(text, 512), whisper };
    }
    return null;
}

// Servers without accounts send none, or one of zeros.
const isReal = (uuid) => typeof uuid === 'string' && /[1-9a-f]/.test(uuid);

// Calls `heard(message)` for what others say; a flood is cut.
export function listen(bot, heard) {
    let second = 0;
    let count = 0;
    bot.on('messagestr', (line, place, message, sender) => {
        if (place === 'game_info') return;
        const chat = readChat(line, sender, bot);
        if (!chat?.text) return;
        const now = Math.floor(performance.now() / 1000);
        if (now !== second) [second, count] = [now, 0];
        if (++count <= heardPerSecond) heard(chat);
    });
}
