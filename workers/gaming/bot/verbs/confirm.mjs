// The server's confirmation that a block is broken. mineflayer shows air as soon as it has sent the last packet of a
// dig; only later packets of the server count.

import { within } from '../run.mjs';

// The versions here tell a changed block by `block_change` or `multi_block_change`, and answer the two packets of a dig
// by `acknowledge_player_digging`: until 1.18 with its success, from 1.19 on with a number only, and not always twice
// (https://minecraft.wiki/w/Java_Edition_protocol/Packets#Acknowledge_Block_Change).
const answersOfDig = 2;
const patience = 1500; // ms after the first answer; without any it is doubled

export const isBroken = (now, before) => now !== null && now.boundingBox === 'empty' && now.name !== before.name;

export function watchBlock(bot, block) {
    const { position } = block;
    const is = ({ x, y, z }) => x === position.x && y === position.y && z === position.z;
    let answers = 0;
    let verdict = null; // true or false
    let settle = () => {};
    const judge = (value) => {
        verdict = value;
        settle(value);
    };
    const look = () => judge(isBroken(bot.blockAt(position), block));
    const listeners = {
        block_change: ({ location }) => is(location) && look(),
        multi_block_change: ({ chunkCoordinates, records }) =>
            records.some((record) => is(placeOf(chunkCoordinates, record))) && look(),
        acknowledge_player_digging({ location, status, successful }) {
            answers += 1;
            if (location && !is(location)) return;
            if (successful === false) judge(false);
            else if (location ? status === 2 : answers >= answersOfDig) judge(verdict ?? true);
        },
    };
    for (const [name, listener] of Object.entries(listeners)) bot._client.on(name, listener);
    const settled = (ms) =>
        within(ms, (done) => {
            settle = done;
            return () => (settle = () => {});
        });
    return {
        async confirmed() {
            if (verdict ?? (await settled(patience))) return true;
            if (verdict === null && answers === 0) await settled(patience);
            return verdict ?? answers > 0;
        },
        close() {
            for (const [name, listener] of Object.entries(listeners)) bot._client.off(name, listener);
        },
    };
}

// The place that one record of a section's changes names, in the form of 1.16.2 and later.
function placeOf(section, record) {
    const low = Number(BigInt(record) & 0xfffn);
    return {
        x: section.x * 16 + (low >> 8),
        y: section.y * 16 + (low & 0x0f),
        z: section.z * 16 + ((low >> 4) & 0x0f),
    };
}
