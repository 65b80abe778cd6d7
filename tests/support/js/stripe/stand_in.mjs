// A stand-in for Stripe with a memory, on a port of this machine, in the test's own process: its REST API, its pages,
// its webhooks, and what persons and banks do.

import { randomBytes } from 'node:crypto';

import { Account } from './account.mjs';
import { closeDispute, failRefund, openDispute, settleDebit, succeedRefund } from './aftermath.mjs';
import { changeSubscription, changedItems } from './changes.mjs';
import { completeSession } from './checkout.mjs';
import { advance } from './clock.mjs';
import { chargeInvoice } from './invoices.mjs';
import { ledgerOf } from './ledger.mjs';
import { addPaymentMethod, chargeIntent, setDefaultMethod } from './money.mjs';
import { Server } from './server.mjs';
import { completeSetup, endSubscription, periodEnd } from './subscriptions.mjs';
import { freePort } from '../system/process.mjs';
import { sign, Webhooks } from './webhooks.mjs';
import { newId } from './wire.mjs';

const versions = { acacia: '2025-02-24.acacia', dahlia: '2026-03-25.dahlia' };
const idOf = (one) => one.id ?? one;
const newSecret = () => `whsec_${randomBytes(24).toString('hex')}`;

export class StripeStandIn {
    // `prices`: by id, { unit_amount, currency, interval (null: one-time), interval_count, product }. `shape` and
    // `apiVersion`: of the events, as the version of a webhook endpoint; answers have the version of their request.
    // `events`: the types that the endpoint is subscribed to. `dunning`: { retries: [seconds], end: 'cancel' |
    // 'unpaid' | 'past_due' }.
    static async start(options = {}) {
        return new StripeStandIn({ ...options, port: options.port ?? (await freePort()) }).up();
    }

    constructor({ port, prices, webhookUrl = null, secret, shape, apiVersion, events = ['*'], dunning }) {
        const form = shape ?? (apiVersion && apiVersion < '2025-03-31' ? 'acacia' : 'dahlia');
        this.port = port;
        this.url = `http://127.0.0.1:${port}`;
        this.key = `sk_test_${randomBytes(24).toString('hex')}`;
        this.account = new Account({
            prices,
            dunning,
            shape: form,
            apiVersion: apiVersion ?? versions[form],
            url: this.url,
        });
        this.webhooks = new Webhooks({ url: webhookUrl, secret: secret ?? newSecret() });
        this.account.wantsEvent = (type) => events.includes('*') || events.includes(type);
        this.account.onEvent = (event) => this.webhooks.receive(event);
        this.server = new Server(this);
    }

    async up() {
        await this.server.up(this.port);
        return this;
    }

    // Its memory stays; up() continues with it.
    async down() {
        await this.server.down();
    }

    // Ends the deliveries too.
    async end() {
        this.webhooks.down = true;
        await this.server.down();
    }

    get secret() {
        return this.webhooks.secrets[0];
    }

    // A new secret of the endpoint. Until the old one is dropped, deliveries are signed with both.
    rollSecret({ drop = false } = {}) {
        this.webhooks.secrets = [newSecret(), ...(drop ? [] : this.webhooks.secrets)];
        return this.secret;
    }

    // Every request of the API, oldest first: { method, path, params, idempotencyKey, version, status, replayed,
    // sent: { url, headers, body } as they came }.
    get requests() {
        return this.server.requests;
    }

    get events() {
        return this.account.events;
    }

    get ledger() {
        return ledgerOf(this.account);
    }

    // The settings of the payments worker.
    get workerEnv() {
        return { STRIPE_SECRET_KEY: this.key, STRIPE_API_BASE: this.url };
    }

    // The object of that id as it is now.
    object(id) {
        const found = this.account.objects.get(id);
        return found && this.account.render(found);
    }

    // --- webhooks

    deliverTo(url) {
        this.webhooks.url = url;
    }

    hold() {
        this.webhooks.holding = true;
    }

    get held() {
        return this.webhooks.held;
    }

    release(order) {
        return this.webhooks.release(order);
    }

    // Delivers events that were taken out of `held`, each as often as it is listed, so many at a time.
    deliverAll(events, lanes = 16) {
        return this.webhooks.deliverAll(events, lanes);
    }

    // Delivers an event again, as the button of Stripe's dashboard does.
    resend(event) {
        return this.webhooks.deliver(event);
    }

    // Posts any text once: { status, text }. `signature` or `secrets` and `at` forge its signature.
    post(body, options) {
        return this.webhooks.post(body, options);
    }

    settled() {
        return this.webhooks.settled();
    }

    get deliveries() {
        return this.webhooks.attempts;
    }

    sign(body, { secrets = this.webhooks.secrets, at } = {}) {
        return sign(body, { secrets, at });
    }

    // --- the API's faults

    // The next `times` requests that match are not answered as usual. `status`: an HTTP status with Stripe's error
    // (429: lock_timeout, 409: idempotency_key_in_use, 500: api_error), 'cut' (the connection ends), 'hang' (no
    // answer), 'slow' (carried out `ms` later) or 'late' (carried out, and answered `ms` later, or when `until`
    // resolves). `ms` may be a function. `done`: the request is carried out, and its answer lost. `saved`: the key
    // keeps the answer.
    fault({ method, path = /./, times = 1, status = 500, body, headers, done = false, saved = false, ...when }) {
        const fault = { method, path, times, status, body, headers, done, saved, ms: 0, ...when };
        this.server.faults.push(fault);
        return fault;
    }

    forgetFaults() {
        this.server.faults = [];
    }

    forgetKeys() {
        this.server.keys.clear();
    }

    // A request of the API that needs no HTTP, as Stripe's dashboard makes it; returns the object.
    call(method, path, params = {}) {
        const call = { method, path: `/v1/${path}`, params, idempotencyKey: null, version: null };
        const { status, text } = this.server.carryOut(call, newId('req_', 14));
        if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`);
        return JSON.parse(text);
    }

    // Forgets all but the prices, held events too. The next customers find a clock that is right, and an account as
    // quick as a new one.
    forget() {
        const { objects, events } = this.account;
        for (const [id, { object }] of objects) if (object !== 'price') objects.delete(id);
        events.length = 0;
        this.account.offset = 0;
        this.held.length = 0;
        this.webhooks.attempts.length = 0;
        this.server.requests.length = 0;
        this.forgetKeys();
    }

    // --- time

    get clock() {
        return this.account.now();
    }

    advance(seconds) {
        advance(this.account, seconds);
    }

    // --- what persons and banks do

    completeCheckout(session, options) {
        return completeSession(this.account, this.account.get('checkout.session', idOf(session)), options);
    }

    // The default payment method of the customer from now on; null: none.
    setCard(customer, card) {
        const found = this.account.customer(idOf(customer));
        if (card === null) {
            found.invoice_settings.default_payment_method = null;
            for (const subscription of this.account.all('subscription')) {
                if (subscription.customer === found.id) subscription.default_payment_method = null;
            }
            this.account.emit('customer.updated', found);
            return null;
        }
        const method = addPaymentMethod(this.account, card, found.id);
        setDefaultMethod(this.account, found, method);
        for (const subscription of this.account.all('subscription')) {
            if (subscription.customer === found.id && subscription.default_payment_method) {
                subscription.default_payment_method = method.id;
            }
        }
        return method.id;
    }

    // Pays an intent on our own page (Payment Element) or an open invoice on its hosted page; returns the outcome. The
    // method becomes the subscription's default by the hosted page, or where payment_settings say so.
    pay(target, { card = 'ok', confirm = true } = {}) {
        const found = this.account.objects.get(idOf(target));
        if (found.object === 'setup_intent') {
            completeSetup(this.account, found, addPaymentMethod(this.account, card, found.customer));
            return 'ok';
        }
        const invoice = found.object === 'invoice' ? found : this.account.objects.get(found._invoice);
        const method = addPaymentMethod(this.account, card, found.customer);
        if (!invoice) return chargeIntent(this.account, found, method, { confirmed: confirm });
        const outcome = chargeInvoice(this.account, invoice, { method, confirmed: confirm });
        const subscription = this.account.objects.get(invoice._subscription);
        const saved =
            found === invoice || subscription?.payment_settings.save_default_payment_method === 'on_subscription';
        if (subscription && saved && ['ok', 'sepa_processing'].includes(outcome)) {
            const fields = { default_payment_method: method.id };
            this.account.change(subscription, 'customer.subscription.updated', fields);
        }
        return outcome;
    }

    // The bank's answer to a payment by SEPA that is processing.
    settleSepa(intent, ok) {
        settleDebit(this.account, this.account.get('payment_intent', idOf(intent)), ok);
    }

    dispute(charge, options) {
        const found = this.account.get('charge', idOf(charge));
        return this.account.render(openDispute(this.account, found, options));
    }

    closeDispute(dispute, status) {
        closeDispute(this.account, this.account.get('dispute', idOf(dispute)), status);
    }

    failRefund(refund) {
        failRefund(this.account, this.account.get('refund', idOf(refund)));
    }

    succeedRefund(refund) {
        succeedRefund(this.account, this.account.get('refund', idOf(refund)));
    }

    // At the end of the period, in the spelling of flexible billing (cancel_at), of classic billing (both fields), or
    // as the dashboard may (`bare`: only cancel_at_period_end). `now` ends it at once.
    cancelInPortal(subscription, { flexible = true, bare = false, now = false, feedback = null } = {}) {
        const found = this.account.get('subscription', idOf(subscription));
        if (now) return endSubscription(this.account, found);
        this.account.change(found, 'customer.subscription.updated', (one) => {
            one.cancel_at = bare ? null : periodEnd(one);
            one.cancel_at_period_end = bare || !flexible;
            one.canceled_at = this.clock;
            one.cancellation_details = { comment: null, feedback, reason: 'cancellation_requested' };
        });
        return undefined;
    }

    keepInPortal(subscription) {
        this.account.change(
            this.account.get('subscription', idOf(subscription)),
            'customer.subscription.updated',
            (one) => {
                Object.assign(one, { cancel_at: null, cancel_at_period_end: false, canceled_at: null });
                one.cancellation_details = { comment: null, feedback: null, reason: null };
            },
        );
    }

    // With the next period, by a schedule.
    changeAtPeriodEnd(subscription, price) {
        const schedule = this.call('POST', 'subscription_schedules', { from_subscription: idOf(subscription) });
        const [{ items, start_date: start, end_date: end }] = schedule.phases;
        this.call('POST', `subscription_schedules/${schedule.id}`, {
            end_behavior: 'release',
            phases: [
                { items: [{ price: items[0].price }], start_date: String(start), end_date: String(end) },
                { items: [{ price }] },
            ],
        });
    }

    // At once, with an invoice for the difference.
    changeInPortal(subscription, price) {
        const found = this.account.get('subscription', idOf(subscription));
        const items = changedItems(this.account, found, [{ id: found.items.data[0].id, price }]);
        changeSubscription(this.account, found, items, {
            behavior: 'always_invoice',
            payment: 'pending_if_incomplete',
        });
    }
}
