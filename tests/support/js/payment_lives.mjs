// Lives of customers at the stand-in for Stripe: each is a sequence of random steps, and the same one for the same
// generator.

const ended = ({ status }) => ['canceled', 'incomplete_expired'].includes(status);
const settled = ({ status }) => ['won', 'lost'].includes(status);
const productOf = ({ items }) => items.data[0].price.product;

// The steps of a life by name: `may` returns whether the step is possible, `act` takes it.
const steps = {
    'buy again': {
        may: (life) => !life.subscription || (life.random(6) === 0 && life.of('subscription').length < 3),
        act: (life) => life.buy(),
    },
    'lose the card': {
        may: ({ subscription, card }) => subscription && card === 'ok',
        act: (life) => life.use('declined'),
    },
    'get a new card': { may: ({ card }) => card !== 'ok', act: (life) => life.use('ok') },
    'pay an open invoice': {
        may: (life) => life.debts.length > 0,
        act: (life) => life.stripe.pay(life.debts[0].id, { card: 'ok' }),
    },
    upgrade: {
        may: ({ changeable }) => changeable && productOf(changeable) === 'plus',
        act: (life) => life.stripe.changeInPortal(life.changeable.id, 'price_pro_monthly'),
    },
    'downgrade at once': {
        may: ({ changeable }) => changeable && productOf(changeable) === 'pro',
        act: (life) => life.stripe.changeInPortal(life.changeable.id, 'price_plus_monthly'),
    },
    'downgrade with the next period': {
        may: ({ changeable }) => changeable && productOf(changeable) === 'pro' && changeable.cancel_at === null,
        act: (life) => life.stripe.changeAtPeriodEnd(life.changeable.id, 'price_plus_monthly'),
    },
    'refund a part': { may: (life) => life.refundable.length > 0, act: (life) => life.refund(0.3) },
    'refund the rest': { may: (life) => life.refundable.length > 0, act: (life) => life.refund(1) },
    'dispute a payment': {
        may: (life) => life.refundable.length > 0,
        act: (life) => life.stripe.dispute(life.refundable.at(-1).id),
    },
    'answer a dispute': {
        may: ({ dispute }) => dispute?.status === 'needs_response',
        act: ({ stripe, dispute }) =>
            stripe.call('POST', `disputes/${dispute.id}`, { evidence: { uncategorized_text: 'It was they.' } }),
    },
    'win a dispute': {
        may: ({ dispute }) => dispute,
        act: ({ stripe, dispute }) => stripe.closeDispute(dispute.id, 'won'),
    },
    'lose a dispute': {
        may: ({ dispute }) => dispute,
        act: ({ stripe, dispute }) => stripe.closeDispute(dispute.id, 'lost'),
    },
    'cancel with the period': {
        may: ({ changeable }) => changeable && changeable.cancel_at === null && !changeable.cancel_at_period_end,
        act: ({ stripe, changeable, random }) =>
            stripe.cancelInPortal(changeable.id, [{ flexible: true }, { flexible: false }, { bare: true }][random(3)]),
    },
    'keep it': {
        may: ({ changeable }) => changeable && (changeable.cancel_at !== null || changeable.cancel_at_period_end),
        act: ({ stripe, changeable }) => stripe.keepInPortal(changeable.id),
    },
    'cancel at once': {
        may: ({ subscription, random }) => subscription && random(3) === 0,
        act: ({ stripe, subscription }) => stripe.cancelInPortal(subscription.id, { now: true }),
    },
};

export const stepNames = Object.keys(steps);

export class Life {
    // `about`: { user, customer }, who has not paid yet.
    constructor(stripe, about, random) {
        Object.assign(this, { stripe, ...about, random, card: 'ok', done: [] });
    }

    of(type) {
        return this.stripe.account.all(type).filter(({ customer }) => customer === this.customer);
    }

    get subscription() {
        return this.of('subscription').findLast((one) => !ended(one)) ?? null;
    }

    // The subscription, while its own page at Stripe can change it.
    get changeable() {
        const found = this.subscription;
        return found?.status === 'active' && !found.schedule && !found.pending_update ? found : null;
    }

    get debts() {
        return this.of('invoice').filter(({ status }) => status === 'open');
    }

    get refundable() {
        return this.of('charge').filter(
            ({ status, disputed, refunded }) => status === 'succeeded' && !disputed && !refunded,
        );
    }

    // The dispute that is not decided yet.
    get dispute() {
        const mine = new Set(this.of('charge').map(({ id }) => id));
        return this.stripe.account.all('dispute').find((one) => mine.has(one.charge) && !settled(one)) ?? null;
    }

    use(card) {
        this.card = card;
        this.stripe.setCard(this.customer, card);
    }

    refund(part) {
        const { refundable, stripe, random } = this;
        const charge = refundable[random(refundable.length)];
        const amount = Math.max(1, Math.floor((charge.amount - charge.amount_refunded) * part));
        stripe.call('POST', 'refunds', { payment_intent: charge.payment_intent, amount: String(amount) });
    }

    // On a page as the worker makes it.
    buy(plan = ['plus', 'pro'][this.random(2)]) {
        const metadata = { user_id: this.user.id };
        const { id } = this.stripe.call('POST', 'checkout/sessions', {
            mode: 'subscription',
            customer: this.customer,
            client_reference_id: this.user.id,
            line_items: [{ price: `price_${plan}_monthly`, quantity: '1' }],
            success_url: 'https://app.example.com/paid',
            metadata,
            subscription_data: { metadata },
        });
        this.stripe.completeCheckout(id, { card: 'ok' });
    }

    step() {
        const possible = stepNames.filter((name) => steps[name].may(this));
        const name = possible[this.random(possible.length)];
        steps[name].act(this);
        this.done.push(name);
    }
}
