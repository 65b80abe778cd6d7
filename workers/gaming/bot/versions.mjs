// The versions of Minecraft that this bot joins, with their protocol numbers, which servers tell in their status
// (https://minecraft.wiki/w/Protocol_version). tests/games/bot_test.mjs joins each.

export const versions = { '1.16.5': 754, '1.18.2': 758, '1.20.2': 764 };

// Of a protocol number; null: none of the table.
export function versionOf(protocol) {
    return Object.keys(versions).find((version) => versions[version] === protocol) ?? null;
}

export const isSupported = (version) => Object.hasOwn(versions, version);
