// Parts of the Minecraft bot that no server here can show: craft, with a stand-in for mineflayer's bot, since
// flying-squid has no crafting; chat that pretends to be another player's; what may be said.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';

import { declareTest as test } from '../support/js/harness.mjs';
import { readChat, sayable } from '../../workers/gaming/bot/chat.mjs';
import { Commands } from '../../workers/gaming/bot/commands.mjs';

// A bot that crafts planks from logs, four from one, by hand, and a chest from eight planks, at a table.
class CraftingBot extends EventEmitter {
    entity = { position: { distanceTo: () => 0, clone: () => ({}) } };
    pathfinder = { setGoal() {} };
    counts = { oak_log: 2 };
    works = true;
    inventory = { items: () => Object.entries(this.counts).map(([name, count]) => ({ name, count })) };
    registry = {
        itemsByName: { oak_planks: { id: 1 }, chest: { id: 2 }, bedrock: { id: 3 } },
        blocksByName: { crafting_table: { id: 9 } },
    };
    clearControlStates() {}
    stopDigging() {}
    findBlock = () => null;

    recipesAll = (id) => (id === 3 ? [] : [{}]);
    recipesFor(id, metadata, count, table) {
        if (id === 1) return this.counts.oak_log > 0 ? [{ requiresTable: false }] : [];
        return table && this.counts.oak_planks >= 8 ? [{ requiresTable: true }] : [];
    }
    async craft() {
        if (!this.works) return;
        this.counts.oak_log -= 1;
        this.counts.oak_planks = (this.counts.oak_planks ?? 0) + 4;
    }
}

async function craft(bot, given) {
    const results = [];
    const tools = { following: { end() {} }, speech: { clear() {} }, owner: null };
    const commands = new Commands(bot, ({ result }) => results.push(result), tools);
    await commands.begin({ id: 'craft', verb: 'craft', arguments: given });
    return [results[0].outcome, results[0].error, results[0].detail.crafted];
}

test('craft repeats a recipe until the inventory has the count, and says what is missing', async () => {
    const bot = new CraftingBot();
    assert.deepEqual(await craft(bot, { item: 'oak_planks', count: 6 }), ['done', '', 8]);
    assert.deepEqual(await craft(bot, { item: 'oak_planks' }), ['failed', 'NO_ITEM', 0]);
    assert.deepEqual(await craft(bot, { item: 'chest' }), ['failed', 'NO_TABLE', 0]);
    assert.deepEqual(await craft(bot, { item: 'bedrock' }), ['failed', 'NO_RECIPE', undefined]);
    assert.deepEqual(await craft(bot, { item: 'constructor' }), ['failed', 'NOT_FOUND', undefined]);
    const idle = Object.assign(new CraftingBot(), { works: false });
    assert.deepEqual(await craft(idle, { item: 'oak_planks' }), ['failed', 'UNCONFIRMED', 0]);
    assert.equal(bot.listenerCount('move'), 0);
});

test('AIRI-51: a bot stops following its owner once it has another one', () => {
    const ends = [];
    const following = { player: 'Anna', end: () => ends.push(following.player) };
    const tools = { following, speech: { clear() {} }, owner: 'Anna' };
    const commands = new Commands(new CraftingBot(), () => {}, tools);
    commands.changeOwner('Anna');
    assert.deepEqual([ends, tools.owner], [[], 'Anna']);
    commands.changeOwner('Bert');
    assert.deepEqual([ends, tools.owner], [['Anna'], 'Bert']);
    commands.changeOwner(null); // it still follows Anna, as Bert has told it to
    assert.deepEqual([ends, tools.owner], [['Anna'], null]);
});

test('chat that pretends to be from another player is not read', () => {
    const uuid = '11111111-0000-3000-8000-000000000000';
    const game = { username: 'Bot', players: { Anna: { uuid }, ab: { uuid: 'other' }, Bot: {} } };
    const read = (line, sender = null) => readChat(line, sender, game);
    assert.deepEqual(read('<Anna> hi'), { player: 'Anna', text: 'hi', whisper: false });
    assert.deepEqual(read('<Anna> a\n<Owner> b', uuid), { player: 'Anna', text: 'a <Owner> b', whisper: false });
    assert.deepEqual(read('Anna whispers to you: psst'), { player: 'Anna', text: 'psst', whisper: true });
    for (const line of ['* ab Anna: hi', '[ab] Anna: hi', 'Anna: hi', '<Bot> hi', '<__proto__> hi', '<Nobody> hi'])
        assert.equal(read(line), null, line);
    assert.equal(read('<Anna> hi', '22222222-0000-3000-8000-000000000000'), null);
    assert.equal(read(`<Anna> ${'x'.repeat(4000)}`).text.length, 512);
});

test('no text that is said is a command', () => {
    for (const text of ['/op', ' /op', '\n/op', '\u200b/op', '//op', '§a/op', '\u0000/\u0007/op', '\ufeff / /op'])
        assert.equal(sayable(text), 'op', JSON.stringify(text));
    assert.equal(sayable('a\n/b'), 'a /b');
    assert.equal(sayable('x'.repeat(255) + '😀'), 'x'.repeat(255));
});
