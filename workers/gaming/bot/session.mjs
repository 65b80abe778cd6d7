// One stay in a game: joins, tells what happens there, leaves. `ended(reason, text)` is called once, at its end, or
// instead of its beginning.

import protocol from 'minecraft-protocol';
import mineflayer from 'mineflayer';

import { listen, Speech } from './chat.mjs';
import { plain } from './checks.mjs';
import { Commands } from './commands.mjs';
import { diagnose } from './lines.mjs';
import { Reflexes } from './reflexes.mjs';
import { Following } from './verbs/follow.mjs';
import { prepare } from './verbs/walk.mjs';
import { isSupported, versionOf } from './versions.mjs';
import { playersOf, point, stateOf } from './world.mjs';

const stateInterval = 1000; // ms
const silence = 30_000; // ms without a packet: the server is gone

// Parts of mineflayer that no verb uses; a server has less to reach.
const unused = (
    'anvil bed book boss_bar chest command_block creative enchantment_table experience explosion fishing furnace ' +
    'particle place_entity rain resource_pack scoreboard sound spawn_point team title villager'
).split(' ');

const nameTaken =
    /already (connected|logged in|online|playing)|logged in from another|duplicate|name.{0,20}(taken|in use)/i;
const wrongVersion = /outdated|unsupported|incompatible|please use|version/i;

export class Session {
    #ended = false;
    #leaving = false;
    #spawned = false;

    constructor(join, write, ended) {
        Object.assign(this, { join, write, commands: null });
        this.ended = (reason, text = '') => {
            if (this.#ended) return;
            this.#ended = true;
            clearTimeout(this.joining);
            clearInterval(this.watching);
            this.reflexes?.end();
            ended(this.#leaving ? 'ended' : reason, this.#leaving ? '' : plain(text, 512));
        };
        this.joining = setTimeout(() => this.ended('unreachable', 'the server does not answer'), join.seconds * 1000);
    }

    async begin() {
        const { host, port, username } = this.join;
        const version = this.join.version ?? (await this.askVersion());
        if (this.#ended) return;
        if (!isSupported(version)) return this.ended('unsupported', `version ${version} is not supported`);
        const bot = mineflayer.createBot({
            ...{ host, port, username, version, auth: 'offline', profilesFolder: false },
            ...{ logErrors: false, hideErrors: true, respawn: true, checkTimeoutInterval: silence },
            ...{ viewDistance: 'tiny', defaultChatPatterns: false, disableChatSigning: true },
            plugins: Object.fromEntries(unused.map((name) => [name, false])),
        });
        this.bot = bot;
        bot.once('error', (error) => this.lost(error.message));
        bot.on('error', (error) => diagnose('warning', error.message));
        bot.on('kicked', (reason) => this.kicked(textOf(reason)));
        bot.once('end', (reason) => this.lost(reason));
        bot.once('spawn', () => this.spawned());
        bot._client.on('packet', (data, { name }) => name === 'position' && checkPosition(data));
    }

    // The server tells its version before anyone joins.
    async askVersion() {
        const { host, port, seconds } = this.join;
        try {
            const { version } = await protocol.ping({ host, port, closeTimeout: seconds * 1000, noPongTimeout: 1000 });
            return versionOf(version?.protocol) ?? plain(version?.name ?? 'unknown', 64);
        } catch (error) {
            this.ended('unreachable', error.message);
            return null;
        }
    }

    spawned() {
        const { bot } = this;
        clearTimeout(this.joining);
        this.#spawned = true;
        prepare(bot);
        this.speech = new Speech(bot);
        this.following = new Following(bot);
        this.commands = new Commands(bot, this.write, {
            ...{ following: this.following, speech: this.speech, owner: this.join.owner },
        });
        this.reflexes = new Reflexes(bot, this.commands, this.following);
        const { version, username } = bot;
        this.write({ joined: { position: point(bot.entity.position), version, username, players: playersOf(bot) } });
        listen(bot, (chat) => this.write({ chat }));
        this.watching = setInterval(() => this.tellState(), stateInterval);
    }

    tellState() {
        if (!this.bot.entity) return;
        const doing = this.reflexes.doing ?? this.commands.running?.verb ?? (this.following.player ? 'follow' : 'idle');
        const state = stateOf(this.bot, doing);
        const text = JSON.stringify(state);
        if (text !== this.told) this.write({ state });
        this.told = text;
    }

    kicked(text) {
        if (nameTaken.test(text)) return this.ended('refused', text);
        if (this.#spawned) return this.ended('kicked', text);
        this.ended(wrongVersion.test(text) ? 'unsupported' : 'refused', text);
    }

    lost(text) {
        this.ended(this.#spawned ? 'disconnected' : 'unreachable', text);
    }

    // Leaves in order; the server has a second to close the connection.
    leave() {
        this.#leaving = true;
        this.commands?.stop();
        if (!this.bot?._client?.socket) return this.ended('ended');
        setTimeout(() => this.ended('ended'), 1000);
        this.bot.quit();
    }
}

// A reason is a text, or JSON of one with parts, or NBT of the same.
function textOf(reason) {
    let value = reason;
    try {
        if (typeof value === 'string') value = JSON.parse(value);
    } catch {
        return String(reason);
    }
    const parts = [];
    const walk = (part, depth) => {
        if (depth > 16 || parts.length > 64) return;
        if (typeof part === 'string') parts.push(part);
        else if (typeof part === 'object' && part !== null)
            for (const key of ['text', 'translate', 'extra', 'with', 'value', ''])
                if (Object.hasOwn(part, key)) walk(part[key], depth + 1);
        if (Array.isArray(part)) for (const one of part) walk(one, depth + 1);
    };
    walk(value, 0);
    return parts.join('');
}

// mineflayer walks over the blocks around a position: beyond the world's end that would never finish.
function checkPosition({ x, y, z }) {
    if (![x, y, z].every((value) => Math.abs(value) <= 3.2e7)) throw new Error('the server sends an absurd position');
}
