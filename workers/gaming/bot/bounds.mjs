// Blocks and creatures that no command may touch, whoever asks for it.

import { Refusal } from './run.mjs';

// Blocks that explode or burn, fluids, blocks that rule the world, containers, and the furniture of others: never
// broken, never placed, never clicked.
const protectedBlocks = new RegExp(
    `^(${[
        'tnt|respawn_anchor|(soul_)?fire|(soul_)?campfire|lava|water|lava_cauldron|magma_block',
        'bedrock|barrier|light|spawner|jigsaw|(chain_|repeating_)?command_block|structure_(block|void)',
        'end_portal(_frame)?|end_gateway|nether_portal|dragon_egg|beacon|conduit|lodestone',
        '(trapped_|ender_)?chest|barrel|hopper|dropper|dispenser|(\\w+_)?shulker_box|(blast_)?furnace|smoker',
        'brewing_stand|lectern|jukebox|chiseled_bookshelf|decorated_pot|beehive|bee_nest|composter|cauldron',
        'crafter|vault|trial_spawner|(\\w+_)?anvil|(\\w+_)?(trap)?door|\\w+_bed|(\\w+_)?sign|(\\w+_)?banner',
        '\\w+_(head|skull)|carved_pumpkin|jack_o_lantern', // the last ones raise golems and withers
    ].join('|')})$`,
);
export const isProtected = (name) => protectedBlocks.test(name);

export function refuseProtected(name) {
    if (isProtected(name)) throw new Refusal('PROTECTED', `${name} is neither broken nor placed`);
}

// A block beside one of these keeps it up or keeps it out.
export const leansOn = (name) => isProtected(name) && name !== 'bedrock' && name !== 'barrier';

// Mobs that attack players unprovoked (https://minecraft.wiki/w/Mob#Hostile_mobs): neither players, villagers and pets,
// nor those that only defend themselves.
const hostileMobs = new Set(
    (
        'blaze bogged breeze cave_spider creeper drowned elder_guardian endermite evoker ghast guardian hoglin husk ' +
        'magma_cube phantom piglin_brute pillager ravager shulker silverfish skeleton slime spider stray vex ' +
        'vindicator witch wither_skeleton zoglin zombie zombie_villager'
    ).split(' '),
);
export const isHostile = (entity) => entity.type !== 'player' && hostileMobs.has(entity.name);
export const isHostileName = (name) => hostileMobs.has(name);
