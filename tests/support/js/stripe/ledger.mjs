// The true state of each customer, for comparison with rows: subscriptions, payments and debts by the customer's id.

const access = ['trialing', 'active'];

export function ledgerOf(account) {
    const ledger = {};
    for (const customer of account.all('customer')) ledger[customer.id] = entryOf(account, customer);
    return ledger;
}

function entryOf(account, { id, email, _email, deleted = false, balance = 0, metadata = {} }) {
    const owned = (type) => account.all(type).filter(({ customer }) => customer === id);
    const subscriptions = owned('subscription').map(subscriptionOf);
    const charges = owned('charge').filter(({ status }) => status === 'succeeded');
    const disputes = account.all('dispute').filter(({ charge }) => charges.some((one) => one.id === charge));
    const sum = (objects, field) => objects.reduce((total, one) => total + one[field], 0);
    return {
        email: email ?? _email ?? null,
        deleted,
        metadata: { ...metadata },
        balance,
        subscriptions,
        subscription: subscriptions.findLast(({ ended_at: ended }) => ended === null) ?? subscriptions.at(-1) ?? null,
        access: subscriptions.some(({ status }) => access.includes(status)),
        paid: sum(charges, 'amount'),
        refunded: sum(charges, 'amount_refunded'),
        pending: sum(
            owned('charge').filter(({ status }) => status === 'pending'),
            'amount',
        ),
        owed: sum(
            owned('invoice').filter(({ status }) => status === 'open'),
            'amount_remaining',
        ),
        disputed: sum(
            disputes.filter(({ status }) => !['won', 'lost'].includes(status)),
            'amount',
        ),
        lost: sum(
            disputes.filter(({ status }) => status === 'lost'),
            'amount',
        ),
    };
}

function subscriptionOf({
    id,
    status,
    items,
    cancel_at,
    cancel_at_period_end,
    ended_at,
    trial_end,
    metadata,
    ...more
}) {
    const [first] = items.data;
    return {
        id,
        status,
        price: first.price.id,
        product: first.price.product,
        unit_amount: first.price.unit_amount,
        currency: first.price.currency,
        quantity: first.quantity,
        period_start: first.current_period_start,
        period_end: first.current_period_end,
        cancel_at,
        cancel_at_period_end,
        ended_at,
        trial_end,
        pending_update: more.pending_update !== null,
        metadata: { ...metadata },
    };
}
