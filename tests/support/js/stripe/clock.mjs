// The account's events that fall due as its clock advances, in the order of their times.

import { expireSession } from './checkout.mjs';
import { chargeInvoice, draftInvoice, finalizeInvoice, lineOf } from './invoices.mjs';
import { addPeriod } from './periods.mjs';
import { beginPhase, nextPhase } from './schedules.mjs';
import { endSubscription, expirePendingUpdate, periodEnd, renew, warn } from './subscriptions.mjs';

const hour = 3600;
const day = 24 * hour;

// Everything that is to come: { at, rank, act }. What shares a time is carried out by rank.
function agenda(account) {
    const due = [];
    const add = (at, rank, act) => at !== null && at !== undefined && due.push({ at, rank, act });
    for (const session of account.all('checkout.session')) {
        if (session.status === 'open') add(session.expires_at, 0, () => expireSession(account, session));
    }
    for (const invoice of account.all('invoice')) {
        if (invoice.status === 'draft' && invoice._at) {
            add(invoice._at, 4, () => {
                finalizeInvoice(account, invoice);
                if (invoice.status === 'open') chargeInvoice(account, invoice, { scheduled: true });
            });
        } else if (invoice.status === 'open' && invoice.next_payment_attempt) {
            add(invoice.next_payment_attempt, 5, () => chargeInvoice(account, invoice, { scheduled: true }));
        }
    }
    for (const schedule of account.all('subscription_schedule')) {
        if (schedule.status === 'active') add(nextPhase(schedule), 1, () => beginPhase(account, schedule));
    }
    for (const subscription of account.all('subscription')) addSubscription(account, subscription, add);
    return due.sort((a, b) => a.at - b.at || a.rank - b.rank);
}

function addSubscription(account, subscription, add) {
    const { status, pending_update: pending, created } = subscription;
    if (status === 'incomplete') add(created + 23 * hour, 2, () => endSubscription(account, subscription));
    if (!['trialing', 'active', 'past_due', 'unpaid', 'paused'].includes(status)) return;
    if (pending) add(pending.expires_at, 0, () => expirePendingUpdate(account, subscription));
    const end = periodEnd(subscription);
    const cancelled = subscription.cancel_at ?? (subscription.cancel_at_period_end ? end : null);
    if (cancelled !== null) add(cancelled, 2, () => endSubscription(account, subscription));
    if (status === 'paused') return;
    if (cancelled === null || cancelled > end) add(end, 3, () => renew(account, subscription));
    if (status === 'trialing' && subscription._warned !== subscription.trial_end) {
        add(Math.max(created, subscription.trial_end - 3 * day), 0, () => {
            warn(account, subscription);
        });
    }
    if (cancelled === null && status !== 'unpaid' && subscription._announced !== end) {
        add(Math.max(created, end - account.upcomingSeconds), 0, () => announce(account, subscription, end));
    }
}

function announce(account, subscription, end) {
    subscription._announced = end;
    const next = addPeriod(end, subscription.items.data[0].price.recurring, subscription.billing_cycle_anchor);
    const lines = [
        ...subscription._pending.map((line) => ({ ...line })),
        ...subscription.items.data.map((item) =>
            lineOf(account, subscription, item, { period: { start: end, end: next } }),
        ),
    ];
    const customer = account.objects.get(subscription.customer);
    const more = { next_payment_attempt: end + account.draftSeconds };
    account.emit(
        'invoice.upcoming',
        draftInvoice(account, { customer, subscription, reason: 'upcoming', lines, more }),
    );
}

export function advance(account, seconds) {
    const target = account.now() + seconds;
    let steps = 0;
    for (;;) {
        const [first] = agenda(account);
        if (!first || first.at > target) break;
        if (++steps > 20_000) throw new Error('the clock does not advance');
        account.fixed = Math.max(first.at, account.fixed ?? 0);
        first.act();
    }
    account.fixed = null;
    account.offset += seconds;
}
