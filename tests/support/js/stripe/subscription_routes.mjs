// Stripe's routes for subscriptions, their schedules and previews of their invoices, in the form of routes.mjs.

import { cancelPendingUpdate, changeSubscription, changedItems, previewOf } from './changes.mjs';
import { paymentMethodOf } from './money.mjs';
import { phasesOf, release, scheduleFrom } from './schedules.mjs';
import {
    createSubscription,
    endSubscription,
    endTrial,
    itemOf,
    periodEnd,
    resume,
    setTrial,
} from './subscriptions.mjs';
import { refuseUnknownPlace } from './tax.mjs';
import { boolean, integer, invalid, mergedMetadata, missing, oneOf } from './wire.mjs';

const day = 86_400;
const behaviors = ['create_prorations', 'always_invoice', 'none'];
const payments = ['allow_incomplete', 'default_incomplete', 'error_if_incomplete', 'pending_if_incomplete'];
const common =
    'items,metadata,cancel_at_period_end,cancel_at,default_payment_method,trial_end,trial_settings,description,' +
    'proration_behavior,payment_behavior,payment_settings,automatic_tax,collection_method,days_until_due,off_session,' +
    'billing_mode,add_invoice_items,discounts';

function newItems(account, asked) {
    if (!asked?.length) throw missing('items');
    return asked.map(({ price: id, quantity, metadata }, index) => {
        if (!id) throw missing(`items[${index}][price]`);
        const price = account.get('price', id, `items[${index}][price]`);
        if (!price.recurring) {
            throw invalid(
                `The price specified is set to \`type=one_time\` but this field only accepts prices with ` +
                    '`type=recurring`.',
                { param: `items[${index}][price]` },
            );
        }
        return { price, quantity: integer(quantity, `items[${index}][quantity]`) ?? 1, metadata };
    });
}

function trialEndOf(account, params) {
    if (params.trial_end === 'now') return account.now();
    const days = integer(params.trial_period_days, 'trial_period_days');
    return days === null ? integer(params.trial_end, 'trial_end') : account.now() + days * day;
}

function create(account, _, params) {
    if (!params.customer) throw missing('customer');
    const customer = account.customer(params.customer, 'customer');
    const behavior = oneOf(params.payment_behavior, payments, 'payment_behavior');
    const items = newItems(account, params.items);
    const trialEnd = trialEndOf(account, params);
    const named = params.default_payment_method;
    const method = named && paymentMethodOf(account, named, customer.id, 'default_payment_method');
    const attached = method?.id ?? customer.invoice_settings.default_payment_method;
    const waits = behavior === 'default_incomplete' || trialEnd > account.now();
    if (!attached && !waits && items.some(({ price }) => price.unit_amount > 0)) {
        throw invalid(
            'This customer has no attached payment source or default payment method. Please consider adding a ' +
                'default payment method.',
            { code: 'resource_missing' },
        );
    }
    if (params.automatic_tax?.enabled === 'true') refuseUnknownPlace(customer);
    return createSubscription(account, {
        customer,
        items,
        metadata: params.metadata,
        trialEnd,
        behavior,
        fields: {
            default_payment_method: method?.id ?? null,
            description: params.description ?? null,
            cancel_at: integer(params.cancel_at, 'cancel_at'),
            cancel_at_period_end: boolean(params.cancel_at_period_end, 'cancel_at_period_end') ?? false,
            ...(params.trial_settings && { trial_settings: params.trial_settings }),
            ...settingsOf(params),
            ...(params.automatic_tax && {
                automatic_tax: {
                    disabled_reason: null,
                    enabled: params.automatic_tax.enabled === 'true',
                    liability: null,
                },
            }),
        },
    });
}

const updatable = (account, id, params) => {
    const subscription = account.get('subscription', id);
    const ended = ['canceled', 'incomplete_expired'].includes(subscription.status);
    const harmless = ['metadata', 'cancellation_details', 'expand'];
    if (!ended || Object.keys(params).every((name) => harmless.includes(name))) return subscription;
    throw invalid('A canceled subscription can only update its cancellation_details and metadata.');
};

function cancelFields(account, subscription, params) {
    const fields = {};
    const atEnd = boolean(params.cancel_at_period_end, 'cancel_at_period_end');
    if (atEnd !== undefined && params.cancel_at !== undefined) {
        throw invalid('Received both cancel_at_period_end and cancel_at parameters. Please pass in only one.');
    }
    if (atEnd !== undefined) {
        // A cancellation that flexible billing scheduled by cancel_at alone is taken back by an empty cancel_at only.
        if (!atEnd && !subscription.cancel_at_period_end) return fields;
        fields.cancel_at_period_end = atEnd;
        fields.cancel_at = atEnd ? periodEnd(subscription) : null;
    } else if (params.cancel_at !== undefined) {
        const named = ['min_period_end', 'max_period_end'].includes(params.cancel_at);
        fields.cancel_at = named ? periodEnd(subscription) : integer(params.cancel_at, 'cancel_at');
        fields.cancel_at_period_end = false;
        if (fields.cancel_at !== null && fields.cancel_at <= account.now()) {
            throw invalid('The cancel_at timestamp must be in the future.', { param: 'cancel_at' });
        }
    } else return fields;
    if (fields.cancel_at !== null && subscription.schedule) {
        throw invalid(
            `The subscription is managed by the subscription schedule \`${subscription.schedule}\`, and updating any ` +
                'cancelation behavior directly is not allowed. Please update the schedule instead.',
        );
    }
    const scheduled = fields.cancel_at !== null;
    fields.canceled_at = scheduled ? account.now() : null;
    const reason = scheduled ? 'cancellation_requested' : null;
    fields.cancellation_details = { comment: null, feedback: null, reason, ...params.cancellation_details };
    return fields;
}

const settingsOf = ({ payment_settings: settings }) =>
    settings && {
        payment_settings: {
            payment_method_options: null,
            payment_method_types: null,
            save_default_payment_method: 'off',
            ...settings,
        },
    };

function pauseOf(value) {
    if (value === '') return null;
    const { behavior, resumes_at } = value;
    return { behavior, resumes_at: integer(resumes_at, 'pause_collection[resumes_at]') };
}

function update(account, [id], params) {
    const subscription = updatable(account, id, params);
    const behavior = oneOf(params.proration_behavior, behaviors, 'proration_behavior');
    const payment = oneOf(params.payment_behavior, payments, 'payment_behavior');
    const fields = {
        ...cancelFields(account, subscription, params),
        metadata: mergedMetadata(subscription.metadata, params.metadata),
        ...(params.description !== undefined && { description: params.description || null }),
        ...(params.pause_collection !== undefined && { pause_collection: pauseOf(params.pause_collection) }),
        ...(params.trial_settings && { trial_settings: params.trial_settings }),
        ...settingsOf(params),
    };
    if (params.default_payment_method) {
        const method = paymentMethodOf(
            account,
            params.default_payment_method,
            subscription.customer,
            'default_payment_method',
        );
        fields.default_payment_method = method.id;
    }
    if (payment === 'pending_if_incomplete' && params.metadata !== undefined) {
        throw invalid('You cannot update `metadata` when `payment_behavior` is set to `pending_if_incomplete`.', {
            param: 'metadata',
        });
    }
    if (params.items) {
        const items = changedItems(account, subscription, params.items);
        const at = integer(params.proration_date, 'proration_date') ?? undefined;
        if (subscription.pending_update) cancelPendingUpdate(account, subscription);
        changeSubscription(account, subscription, items, { behavior, payment, at, fields });
    } else account.change(subscription, 'customer.subscription.updated', fields);
    if (params.trial_end === 'now' && subscription.status === 'trialing') endTrial(account, subscription);
    else if (/^\d+$/.test(params.trial_end)) setTrial(account, subscription, integer(params.trial_end, 'trial_end'));
    return subscription;
}

function cancel(account, [id], params) {
    const subscription = account.get('subscription', id);
    if (['canceled', 'incomplete_expired'].includes(subscription.status)) {
        throw invalid(`No such subscription: '${id}'`, { param: 'id', code: 'resource_missing', status: 404 });
    }
    Object.assign(subscription.cancellation_details, params.cancellation_details);
    endSubscription(account, subscription);
    return subscription;
}

const statuses = 'active,past_due,unpaid,canceled,incomplete,incomplete_expired,trialing,paused,all,ended'.split(',');

function listAll(account, _, params) {
    oneOf(params.status, statuses, 'status');
    const fits = ({ customer, status, items }) => {
        if (params.customer && customer !== params.customer) return false;
        if (params.price && !items.data.some(({ price }) => price.id === params.price)) return false;
        const ended = ['canceled', 'incomplete_expired'].includes(status);
        if (params.status === 'ended') return ended;
        if (!params.status) return status !== 'canceled';
        return params.status === 'all' || params.status === status;
    };
    return account.page('/v1/subscriptions', account.all('subscription').filter(fits), params);
}

function preview(account, _, params) {
    const details = params.subscription_details ?? {};
    const subscription = params.subscription && account.get('subscription', params.subscription, 'subscription');
    const named = params.customer ?? subscription?.customer;
    if (!named) throw missing('customer');
    const items = subscription
        ? changedItems(account, subscription, details.items)
        : newItems(account, details.items).map((item) => itemOf(account, { id: null }, { ...item, start: 0, end: 0 }));
    return previewOf(account, {
        customer: account.customer(named, 'customer'),
        subscription,
        items,
        behavior: oneOf(details.proration_behavior, behaviors, 'subscription_details[proration_behavior]'),
        at: integer(details.proration_date, 'subscription_details[proration_date]') ?? undefined,
    });
}

function createSchedule(account, _, params) {
    if (!params.from_subscription) throw missing('from_subscription');
    return scheduleFrom(account, account.get('subscription', params.from_subscription, 'from_subscription'));
}

function activeSchedule(account, id, verb) {
    const schedule = account.get('subscription_schedule', id);
    if (['active', 'not_started'].includes(schedule.status)) return schedule;
    throw invalid(`You cannot ${verb} a subscription schedule that is currently in the \`${schedule.status}\` status.`);
}

function updateSchedule(account, [id], params) {
    const schedule = activeSchedule(account, id, 'update');
    const now = account.now();
    return account.change(schedule, 'subscription_schedule.updated', (one) => {
        if (params.phases) one.phases = phasesOf(account, one, params.phases);
        const current = one.phases.find(({ start_date: start, end_date: end }) => start <= now && now < end);
        if (!current) throw invalid('The phases must include the current one.', { param: 'phases' });
        one.current_phase = { start_date: current.start_date, end_date: current.end_date };
        one.end_behavior = oneOf(params.end_behavior, ['cancel', 'release'], 'end_behavior') ?? one.end_behavior;
        one.metadata = mergedMetadata(one.metadata, params.metadata);
    });
}

export const subscriptionRoutes = [
    ['POST', '/v1/subscriptions', `${common},customer,trial_period_days,currency`.split(','), create],
    [
        'POST',
        '/v1/subscriptions/:id',
        `${common},pause_collection,proration_date,billing_cycle_anchor,cancellation_details`.split(','),
        update,
    ],
    ['DELETE', '/v1/subscriptions/:id', ['invoice_now', 'prorate', 'cancellation_details'], cancel],
    [
        'GET',
        '/v1/subscriptions',
        ['customer', 'status', 'price', 'limit', 'starting_after', 'ending_before', 'created'],
        listAll,
    ],
    ['GET', '/v1/subscriptions/:id', [], (account, [id]) => account.get('subscription', id)],
    [
        'POST',
        '/v1/subscriptions/:id/resume',
        ['billing_cycle_anchor', 'billing_cycle_anchor=now', 'proration_behavior', 'proration_date'],
        (account, [id]) => {
            const subscription = account.get('subscription', id);
            if (subscription.status !== 'paused') {
                throw invalid('This subscription cannot be resumed because it is not paused.');
            }
            resume(account, subscription);
            return subscription;
        },
    ],
    [
        'POST',
        '/v1/invoices/create_preview',
        ['customer', 'subscription', 'subscription_details', 'currency', 'preview_mode', 'schedule', 'automatic_tax'],
        preview,
    ],
    ['POST', '/v1/subscription_schedules', ['from_subscription'], createSchedule],
    [
        'POST',
        '/v1/subscription_schedules/:id',
        ['phases', 'end_behavior', 'metadata', 'proration_behavior', 'default_settings'],
        updateSchedule,
    ],
    [
        'POST',
        '/v1/subscription_schedules/:id/release',
        ['preserve_cancel_date'],
        (account, [id]) => {
            const schedule = activeSchedule(account, id, 'release');
            release(account, schedule);
            return schedule;
        },
    ],
    [
        'POST',
        '/v1/subscription_schedules/:id/cancel',
        ['invoice_now', 'prorate'],
        (account, [id]) => {
            const schedule = activeSchedule(account, id, 'cancel');
            endSubscription(account, account.get('subscription', schedule.subscription));
            return schedule;
        },
    ],
    [
        'GET',
        '/v1/subscription_schedules',
        ['customer', 'limit', 'starting_after', 'ending_before', 'created'],
        (account, _, params) => {
            const fits = ({ customer }) => !params.customer || customer === params.customer;
            return account.page(
                '/v1/subscription_schedules',
                account.all('subscription_schedule').filter(fits),
                params,
            );
        },
    ],
    ['GET', '/v1/subscription_schedules/:id', [], (account, [id]) => account.get('subscription_schedule', id)],
];
