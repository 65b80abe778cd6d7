// A part of the account dialog, the user's plan: what it is, the plans that can be bought, cancelling, and invoices.
// Paying is on the provider's pages, which lead back to /#/billing.

import { ask } from './dialogs.js';
import { h, relativeTime } from './dom.js';
import { sectionPart } from './forms.js';

const price = ({ price_cents: cents, currency, billing_period: period }) =>
    `${amountText(cents, currency)}${period === 'once' ? ' once' : ` a ${period}`}`;

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
        this.actions = h('p', { id: 'billing-actions', class: 'buttons' });
        this.invoices = h('ul', { id: 'billing-invoices', class: 'rows' });
        this.element = sectionPart('billing', 'Plan', {}, this.state, this.plans, this.actions, this.invoices);
    }

    async load() {
        const [current, plans, invoices] = await Promise.all([
            this.session.get('/subscription/current'),
            this.session.getPublic('/plans'),
            this.session.get('/billing/invoices'),
        ]);
        const { subscription } = current;
        this.state.textContent = stateText(current);
        this.plans.replaceChildren(
            ...plans
                .filter(({ id, price_cents: cents, sold }) => id !== current.plan && cents > 0 && sold)
                .map((plan) => this.planItem(plan, subscription)),
        );
        this.actions.replaceChildren(...this.actionsFor(subscription));
        this.invoices.replaceChildren(...invoices.map(invoiceItem));
    }

    clear() {
        for (const node of [this.state, this.plans, this.actions, this.invoices]) node.replaceChildren();
    }

    planItem(plan, subscription) {
        const words = h(
            'span',
            { class: 'words' },
            h('strong', {}, `${plan.name}, ${price(plan)}`),
            h('span', { class: 'aside' }, plan.features?.summary ?? ''),
        );
        const changes = subscription !== null && plan.billing_period !== 'once';
        const act = () => this.attempt(() => (changes ? this.change(plan) : this.buy(plan)));
        const label = changes ? `Change to ${plan.name}` : `Buy ${plan.name}`;
        return h(
            'li',
            { 'data-id': plan.id },
            words,
            h('button', { type: 'button', class: 'link', onclick: act }, label),
        );
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
        ];
    }

    async buy({ id }) {
        const { data } = await this.session.request('POST', '/subscription/create-checkout', { plan: id });
        this.leave(data.url);
    }

    async openPortal() {
        const { data } = await this.session.request('POST', '/billing/portal', {});
        this.leave(data.url);
    }

    async change({ id, name }) {
        const { data } = await this.session.request('POST', '/subscription/preview', { plan: id });
        const text = data.at_once
            ? `It starts now, and ${amountText(data.amount_due, data.currency)} are charged now.`
            : 'It starts with the next period.';
        if (!(await ask({ title: `Change to ${name}?`, text, action: 'Change' }))) return;
        await this.session.request('PATCH', '/billing/subscription', { plan: id });
        await this.load();
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

function stateText({ name, status, subscription }) {
    const parts = [`You have ${name}.`];
    if (status === 'past_due') parts.push('The last payment failed: please check your payment method.');
    if (subscription?.cancel_at) parts.push(`It ends ${relativeTime(subscription.cancel_at)}.`);
    else if (subscription?.next_plan) parts.push('Another plan begins with the next period.');
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
