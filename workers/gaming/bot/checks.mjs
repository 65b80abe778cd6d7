// Checks of what comes from outside: the arguments of verbs, names and texts of the game. Each returns the checked
// value or throws a Refusal.

import { Refusal } from './run.mjs';

export const playerName = /^[A-Za-z0-9_]{1,16}$/;
const thing = /^[a-z0-9_]{1,64}$/; // a block, an item, a mob

function need(good, what) {
    if (!good) throw new Refusal('BAD_ARGUMENTS', what);
}

// An object that has these keys and no others.
export function keys(value, ...names) {
    need(typeof value === 'object' && value !== null && !Array.isArray(value), 'arguments are an object');
    need(
        Object.keys(value).every((key) => names.includes(key)),
        `arguments are ${names.join(', ') || 'none'}`,
    );
    return value;
}

export function player(name) {
    need(typeof name === 'string' && playerName.test(name), 'player is a name of 1 to 16 of A-Z a-z 0-9 _');
    return name;
}

// Models write the game's prefix or leave it out.
export function name(value, key) {
    const bare = typeof value === 'string' ? value.replace(/^minecraft:/, '') : '';
    need(thing.test(bare), `${key} is a name such as oak_log`);
    return bare;
}

export function count(value = 1, most = 1024) {
    need(Number.isInteger(value) && value >= 1 && value <= most, `count is 1 to ${most}`);
    return value;
}

// The world ends 30,000,000 blocks from its middle (https://minecraft.wiki/w/World_boundary).
export function position({ x, y, z }) {
    const within = (value, most) => Number.isFinite(value) && Math.abs(value) <= most;
    need(within(x, 3e7) && within(y, 2048) && within(z, 3e7), 'x, y and z are coordinates of the world');
    return { x, y, z };
}

export function text(value) {
    need(typeof value === 'string' && value.length <= 4096, 'text is a string of at most 4096 characters');
    return value;
}

// The most that one command may do; the defaults are those of the port (workers/providers/games/game.hpp).
export function limits(value = {}) {
    const { seconds = 30, distance = 64, blocks = 16 } = keys(value, 'seconds', 'distance', 'blocks');
    need(Number.isFinite(seconds) && seconds > 0 && seconds <= 600, 'limits.seconds is more than 0, at most 600');
    need(Number.isFinite(distance) && distance >= 0 && distance <= 1024, 'limits.distance is 0 to 1024');
    need(Number.isInteger(blocks) && blocks >= 0 && blocks <= 1024, 'limits.blocks is 0 to 1024');
    return { seconds, distance, blocks };
}

// A text of the game as one line without control characters, colour codes (§ and a letter) and marks that change the
// direction of what follows, of at most `most` UTF-16 code units.
export function plain(value, most) {
    const line = String(value)
        .slice(0, 16 * most)
        .replace(/§[0-9a-fk-orx]/gi, '')
        .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069§]/gu, ' ')
        .toWellFormed()
        .trim();
    return line.slice(0, most).replace(/[\ud800-\udbff]$/, '');
}
