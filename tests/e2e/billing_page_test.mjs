// A user buys a plan, changes it and cancels it, in a browser, on Stripe's pages and ours.

import assert from 'node:assert/strict';

import { monthly, yearly } from '../support/js/billing.mjs';
import { check } from '../support/js/harness.mjs';
import { StripeStandIn } from '../support/js/stripe/stand_in.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Browser, inBothSchemes, signUp } from './browser.mjs';
import { freshEmail } from './checks.mjs';
import { pageSystem } from './system.mjs';

const stripe = await StripeStandIn.start({
    prices: { ...monthly('plus', 1499), ...monthly('pro', 2499), ...yearly('plus', 14_990) },
});
const { system, url: address } = await pageSystem({
    payments: 1,
    gatewayEnv: { STRIPE_WEBHOOK_SECRET: stripe.secret },
    paymentsEnv: stripe.workerEnv,
});
// The origin that links lead back to.
const url = address.replace('127.0.0.1', 'localhost');
stripe.deliverTo(`${address}/api/webhooks/stripe`);
const browser = await new Browser(url).start();
const page = await browser.openPage();
await signUp(page, url, { name: 'Nora', email: freshEmail('billing'), password: 'a long enough password' });
const state = (text) => page.locator('#billing-state', { hasText: text }).waitFor();
const openPlans = async () => {
    if (!(await page.locator('#account').isVisible())) await page.click('#settings');
    await state(/You have/);
};
const confirm = () => page.click('#question-yes');

await check('SAAS-16: a user chooses a plan, pays on the page of the provider, and has it', async () => {
    await openPlans();
    await state(/You have Free/);
    await inBothSchemes(page, 'billing');
    await page.locator('#billing-plans li[data-id=plus] button').click();
    await page.waitForURL(`${stripe.url}/**`);
    await page.getByRole('button', { name: /pay/i }).click();
    await page.waitForURL((at) => at.href.startsWith(url));
    await state(/You have Plus.*renews/);
    await eventually('the invoice is listed', async () => {
        await page.evaluate(() => document.getElementById('account').close());
        await openPlans();
        return (await page.locator('#billing-invoices li').count()) === 1;
    });
    assert.match(await page.locator('#billing-invoices').innerText(), /14\.99[^]*paid/);
});

await check('SAAS-16: a higher plan shows its price and starts at once', async () => {
    await openPlans();
    await page.locator('#billing-plans li[data-id=pro] button').click();
    await page.locator('#question-text', { hasText: /starts now, and .*\d\.\d\d are charged/ }).waitFor();
    await confirm();
    await state(/You have Pro/);
});

await check('SAAS-17: a plan is cancelled at the end of its period, and kept after all', async () => {
    await openPlans();
    await page.click('#billing-cancel');
    await confirm();
    await state(/You have Pro.*It ends/);
    await page.click('#billing-keep');
    await state(/You have Pro.*renews/);
    await page.click('#billing-portal');
    await page.waitForURL(`${stripe.url}/**`);
    await page.goBack();
});

await check('SAAS-16: a user withdraws from the contract, and then buys by the year', async () => {
    await system.rows(
        `update plans set yearly_price_cents = 14990, stripe_yearly_price_id = 'price_plus_yearly' where id = 'plus'`,
    );
    await page.reload();
    await openPlans();
    await page.click('#billing-withdraw');
    await page.locator('#question-text', { hasText: /You can until .* get your money back/ }).waitFor();
    await confirm();
    await state(/You have Free/);
    await page.check('#billing-start-now');
    await page.locator('#billing-plans li[data-id=plus] button[data-interval=year]').click();
    await page.waitForURL(`${stripe.url}/**`);
    await page.getByRole('button', { name: /pay/i }).click();
    await page.waitForURL((at) => at.href.startsWith(url));
    await state(/You have Plus.*renews/);
    const [contract] = await system.rows(
        `select interval, immediate_start_at is not null as consented from subscriptions where status = 'active'`,
    );
    assert.deepEqual(contract, { interval: 'year', consented: true });
});

await check('our pages throw no exception and keep the content policy', () =>
    assert.deepEqual(
        browser.faults.filter((fault) => !fault.includes(stripe.url)),
        [],
    ),
);
await stripe.end();
