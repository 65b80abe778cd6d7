// Subscription schedules: phases that begin at the end of the one before.

import { changeSubscription } from './changes.mjs';
import { addPeriod } from './periods.mjs';
import { itemOf } from './subscriptions.mjs';
import { integer, invalid, missing, newId } from './wire.mjs';

const phaseOf = ({ start, end, items, currency, proration = 'create_prorations', metadata = {} }) => ({
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    end_date: end,
    invoice_settings: null,
    items,
    metadata,
    on_behalf_of: null,
    proration_behavior: proration,
    start_date: start,
    transfer_data: null,
    trial_end: null,
});

const phaseItem = (price, quantity) => ({
    billing_thresholds: null,
    discounts: [],
    metadata: {},
    plan: price,
    price,
    quantity,
    tax_rates: [],
});

export function scheduleFrom(account, subscription) {
    if (subscription.schedule) {
        throw invalid(
            `You cannot migrate a subscription that is already attached to a schedule: ${subscription.schedule}.`,
            { param: 'from_subscription' },
        );
    }
    const { data } = subscription.items;
    const phase = phaseOf({
        start: data[0].current_period_start,
        end: data[0].current_period_end,
        currency: subscription.currency,
        items: data.map((item) => phaseItem(item.price.id, item.quantity)),
    });
    const schedule = account.add({
        id: newId('sub_sched_1', 23),
        object: 'subscription_schedule',
        application: null,
        billing_mode: subscription.billing_mode,
        canceled_at: null,
        completed_at: null,
        created: account.now(),
        current_phase: { start_date: phase.start_date, end_date: phase.end_date },
        customer: subscription.customer,
        customer_account: null,
        default_settings: { billing_cycle_anchor: 'automatic', collection_method: 'charge_automatically' },
        end_behavior: 'release',
        livemode: false,
        metadata: {},
        phases: [phase],
        released_at: null,
        released_subscription: null,
        status: 'active',
        subscription: subscription.id,
        test_clock: null,
    });
    account.change(subscription, 'customer.subscription.updated', { schedule: schedule.id });
    account.emit('subscription_schedule.created', schedule);
    return schedule;
}

// The phases that the parameters describe. The first one keeps its start; each begins where the one before ends.
export function phasesOf(account, schedule, asked) {
    let start = schedule.phases[0].start_date;
    if (Number(asked[0]?.start_date) === schedule.current_phase.start_date) start = schedule.current_phase.start_date;
    return asked.map((phase, index) => {
        const at = `phases[${index}]`;
        if (!phase.items?.length) throw missing(`${at}[items]`);
        const given = phase.start_date === 'now' ? account.now() : integer(phase.start_date, `${at}[start_date]`);
        if (given !== null && given !== start) {
            throw invalid(
                index === 0
                    ? 'You can not modify the start date of the current phase.'
                    : 'The start date of a phase must be the end date of the one before.',
                { param: `${at}[start_date]` },
            );
        }
        const items = phase.items.map((item, i) =>
            phaseItem(account.get('price', item.price, `${at}[items][${i}][price]`).id, Number(item.quantity ?? 1)),
        );
        const { recurring, currency } = account.objects.get(items[0].price);
        const { interval, interval_count = '1' } = phase.duration ?? recurring;
        const count = Number(interval_count) * Number(phase.iterations ?? 1);
        const end =
            integer(phase.end_date, `${at}[end_date]`) ?? addPeriod(start, { interval, interval_count: count }, start);
        if (end <= start)
            throw invalid('The end date of a phase must be after its start.', { param: `${at}[end_date]` });
        const metadata = phase.metadata ?? {};
        const made = phaseOf({ start, end, items, currency, proration: phase.proration_behavior, metadata });
        start = end;
        return made;
    });
}

// When the current phase ends.
export const nextPhase = ({ current_phase: current }) => current?.end_date ?? null;

export function beginPhase(account, schedule) {
    const index = schedule.phases.findIndex(({ start_date: start }) => start === schedule.current_phase.end_date);
    const subscription = account.get('subscription', schedule.subscription);
    if (index < 0) {
        if (schedule.end_behavior === 'cancel') subscription.cancel_at = account.now();
        release(account, schedule, 'completed');
        return;
    }
    const phase = schedule.phases[index];
    schedule.current_phase = { start_date: phase.start_date, end_date: phase.end_date };
    const { current_period_start: start, current_period_end: end } = subscription.items.data[0];
    const items = phase.items.map(({ price, quantity }, i) => ({
        ...itemOf(account, subscription, { price: account.get('price', price), quantity, start, end }),
        ...(subscription.items.data[i] && { id: subscription.items.data[i].id }),
    }));
    // At the end of a period the renewal that follows charges the new price.
    const behavior = account.now() >= end ? 'none' : phase.proration_behavior;
    if (account.now() >= end) {
        account.change(subscription, 'customer.subscription.updated', () => {
            subscription.items.data = items;
            Object.assign(subscription.metadata, phase.metadata);
        });
    } else changeSubscription(account, subscription, items, { behavior });
    account.emit('subscription_schedule.updated', schedule);
}

export function release(account, schedule, status = 'released') {
    const subscription = account.get('subscription', schedule.subscription);
    account.change(subscription, 'customer.subscription.updated', { schedule: null });
    Object.assign(schedule, {
        status,
        current_phase: null,
        released_subscription: subscription.id,
        subscription: null,
        [status === 'released' ? 'released_at' : 'completed_at']: account.now(),
    });
    account.emit(`subscription_schedule.${status}`, schedule);
}
