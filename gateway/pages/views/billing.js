// A part of the account dialog, the user's plan: what it is, the plans that can be bought, cancelling, and invoices.
// Paying is on the provider's pages, which lead back to /#/billing.

import { ask } from './dialogs.js';
import { h, relativeTime } from './dom.js';
import { sectionPart } from './forms.js';

const price = (cents, { currency }, period) =>
    `${amountText(cents, currency)}${period === 'once' ? ' once' : ` a ${period}`}`;

// The ways to pay for a plan: [interval, what it costs].
function pricesOf(plan) {
    const { price_cents: cents, yearly_price_cents: yearly, billing_period: period } = plan;
    const prices = [[period, price(cents, plan, period)]];
    if (yearly !== null) prices.push(['year', price(yearly, plan, 'year')]);
    return prices;
}

// An amount in the currency's minor unit.
export function amountText(amount, currency) {
    const format = new Intl.NumberFormat(undefined, { style: 'currency', currency: currency.toUpperCase() });
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export class Billing {
    // `attempt` runs an action and shows its problem in this part; `leave(url)` goes to a page of the provider.
    constructor(session, { attempt, leave = (url) => location.assign(url) }) {
        this.session = session;
        this.attempt = attempt;
        this.leave = leave;
        this.state = h('p', { id: 'billing-state' });
        this.plans = h('ul', { id: 'billing-plans', class: 'rows' });
        this.startNow = h('input', { id: 'billing-start-now', type: 'checkbox' });
        this.consent = h(
            'label',
            { id: 'billing-consent', class: 'aside', hidden: true },
            this.startNow,
            ' Begin at once: should I withdraw, I pay for the days until then.',
        );
        this.actions = h('p', { id: 'billing-actions', class: 'buttons' });
        this.invoices = h('ul', { id: 'billing-invoices', class: 'rows' });
        this.element = sectionPart('billing', 'Plan', {}, ...this.nodes());
    }

    nodes() {
        return [this.state, this.plans, this.consent, this.actions, this.invoices];
    }

    async load() {
        const [current, plans, invoices, settings] = await Promise.all([
            this.session.get('/subscription/current'),
            this.session.getPublic('/plans'),
            this.session.get('/billing/invoices'),
            this.session.getPublic('/settings'),
        ]);
        const { subscription } = current;
        this.state.textContent = stateText(current);
        this.plans.replaceChildren(
            ...plans
                .filter(({ price_cents: cents, sold }) => cents > 0 && sold)
                .map((plan) => this.planItem(plan, current))
                .filter(Boolean),
        );
        this.consent.hidden = subscription !== null || !(settings.withdrawal_days > 0) || !this.plans.firstChild;
        this.actions.replaceChildren(...this.actionsFor(subscription));
        this.invoices.replaceChildren(...invoices.map(invoiceItem));
    }

    clear() {
        for (const node of [this.state, this.plans, this.actions, this.invoices]) node.replaceChildren();
        this.consent.hidden = true;
    }

    // Nothing for what the user has already.
    planItem(plan, { plan: present, subscription }) {
        const changes = subscription !== null && plan.billing_period !== 'once';
        const prices = pricesOf(plan).filter(
            ([interval]) => plan.id !== present || (changes && interval !== subscription.interval),
        );
        if (prices.length === 0) return null;
        const words = h(
            'span',
            { class: 'words' },
            h('strong', {}, `${plan.name}, ${prices.map(([, text]) => text).join(' or ')}`),
            h('span', { class: 'aside' }, trialText(plan, changes) + (plan.features?.summary ?? '')),
        );
        const buttons = prices.map(([interval]) => {
            const act = () => this.attempt(() => (changes ? this.change(plan, interval) : this.buy(plan, interval)));
            const label = `${changes ? 'Change to' : 'Buy'} ${plan.name}`;
            return h(
                'button',
                { type: 'button', class: 'link', 'data-interval': interval, onclick: act },
                prices.length > 1 ? `${label} by the ${interval}` : label,
            );
        });
        return h('li', { 'data-id': plan.id }, words, ...buttons);
    }

    actionsFor(subscription) {
        const button = (id, label, act) =>
            h('button', { id, type: 'button', class: 'link', onclick: () => this.attempt(act) }, label);
        if (!subscription) return [];
        return [
            button('billing-portal', 'Payment methods', () => this.openPortal()),
            subscription.cancel_at
                ? button('billing-keep', 'Keep the plan', () => this.send('/subscription/resume', {}))
                : button('billing-cancel', 'Cancel the plan', () => this.cancel(subscription)),
            subscription.withdraw_until
                ? button('billing-withdraw', 'Withdraw from the contract', () => this.withdraw(subscription))
                : null,
        ].filter(Boolean);
    }

    async buy({ id }, interval) {
        const { data } = await this.session.request('POST', '/subscription/create-checkout', {
            plan: id,
            ...(interval !== 'once' && { interval }),
            ...(this.startNow.checked && { immediate_start: true }),
        });
        this.leave(data.url);
    }

    async openPortal() {
        const { data } = await this.session.request('POST', '/billing/portal', {});
        this.leave(data.url);
    }

    async change({ id, name }, interval) {
        const wanted = { plan: id, interval };
        const { data } = await this.session.request('POST', '/subscription/preview', wanted);
        const text = data.at_once
            ? `It starts now, and ${amountText(data.amount_due, data.currency)} are charged now.`
            : 'It starts with the next period.';
        if (!(await ask({ title: `Change to ${name}?`, text, action: 'Change' }))) return;
        await this.session.request('PATCH', '/billing/subscription', wanted);
        await this.load();
    }

    async withdraw({ withdraw_until: until }) {
        const text =
            `You can until ${new Date(until).toLocaleDateString()}. The plan ends now and you get your money back; ` +
            'when you asked for it to begin at once, that of the remaining days.';
        if (await ask({ title: 'Withdraw from the contract?', text, action: 'Confirm the withdrawal' }))
            await this.send('/billing/withdrawal', {});
    }

    async cancel({ current_period_end: end }) {
        const text = `You keep it until its period ends, ${relativeTime(end)}.`;
        if (await ask({ title: 'Cancel the plan?', text, action: 'Cancel the plan' }))
            await this.send('/subscription/cancel', {});
    }

    async send(path, body) {
        await this.session.request('POST', path, body);
        await this.load();
    }
}

const trialText = ({ trial_days: days }, changes) => (days > 0 && !changes ? `The first ${days} days are free. ` : '');

function stateText({ name, status, subscription }) {
    const parts = [`You have ${name}.`];
    if (status === 'past_due') parts.push('The last payment failed: please check your payment method.');
    if (subscription?.cancel_at) parts.push(`It ends ${relativeTime(subscription.cancel_at)}.`);
    else if (subscription?.next_plan) parts.push('Another plan or price begins with the next period.');
    else if (status === 'trialing') parts.push(`The trial ends ${relativeTime(subscription.trial_end)}.`);
    else if (subscription?.current_period_end)
        parts.push(`It renews ${relativeTime(subscription.current_period_end)}.`);
    return parts.join(' ');
}

function invoiceItem({ id, number, status, amount_due: due, currency, created_at: at, hosted_invoice_url: url }) {
    const label = `${number ?? 'Invoice'}, ${amountText(due, currency)}`;
    const words = h(
        'span',
        { class: 'words' },
        h('strong', {}, label),
        h('span', { class: 'aside' }, `${status} · ${new Date(at).toLocaleDateString()}`),
    );
    const open = url
        ? h('a', { href: url, target: '_blank', rel: 'noopener', 'aria-label': `Open ${label}` }, 'Open')
        : null;
    return h('li', { 'data-id': id }, words, open);
}
