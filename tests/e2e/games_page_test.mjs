// The account's part about games: a session is begun, watched and ended there.

import assert from 'node:assert/strict';

import { relayBot, World } from '../support/js/games/scripted_world.mjs';
import { afterFile, check } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Browser, inBothSchemes, signUp } from './browser.mjs';
import { freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const world = await World.start();
afterFile(() => world.stop());
const { system, url } = await pageSystem({
    gaming: 1,
    gamingEnv: { GAME_SERVERS: `minecraft=127.0.0.1:${world.port}`, MINECRAFT_BOT: relayBot },
});
const browser = await new Browser(url).start();
const page = await browser.openPage();
const email = freshEmail('player');
const part = page.locator('#games');

await check('the part is hidden where the plan has no games', async () => {
    await signUp(page, url, { name: 'Nora', email, password: 'a long enough password' });
    await page.click('#settings');
    await page.locator('#usage-report:not([aria-busy])').waitFor();
    assert.ok(await part.isHidden());
    await page.keyboard.press('Escape');
});

await check('AIRI-50 SAAS-43: a session is begun, watched and ended in the account', async () => {
    const [{ id }] = await system.rows("update users set plan = 'pro' where email = $1 returning id", [email]);
    // As whoever changes an account does.
    await system.redis(`DEL state:${id}`);
    await system.redis(`PUBLISH accounts ${id}`);
    await page.reload();
    // Until each gateway thread has heard of it.
    await eventually('the part is shown', async () => {
        await page.keyboard.press('Escape');
        await page.click('#settings');
        await page.locator('#games:not([aria-busy])').waitFor({ state: 'attached' });
        return part.isVisible();
    });
    await part.getByRole('button', { name: 'Play Factorio' }).waitFor();
    await part.getByLabel('Your name in the game').fill('Nora_1');
    await part.getByRole('button', { name: 'Play Minecraft' }).click();
    await part.locator('#game-facts[data-status=active]').waitFor();
    const visitor = await eventually('the companion joins', () => world.visitors[0]?.name && world.visitors[0]);
    assert.match(await part.innerText(), /Code to say there\s+[A-Z0-9]{8}\s/);
    assert.match(await part.innerText(), /Time left\s+(59:\d\d|1:00:00)\s/);
    visitor.tell({ state: { health: 17, position: { x: 1.2, y: 64, z: -3 }, nearby: [{ name: 'cow' }] } });
    await part.getByText('1, 64, -3').waitFor();
    await part.getByText('cow').waitFor();
    await part.getByRole('button', { name: 'Forbid Nora_1' }).click();
    await part.getByText('Nora_1 may command').waitFor({ state: 'detached' });
    assert.deepEqual(await system.rows('select name from game_players'), []);
    await inBothSchemes(page, 'games');
    await part.getByRole('button', { name: 'End the session' }).click();
    await part.getByText('The last session took 1 min.').waitFor();
    await eventually('the companion has left', () => visitor.gone);
});

await check('the page throws no exception, keeps the content policy and loads nothing from other origins', () =>
    assert.deepEqual(browser.faults, []),
);
