// A Stripe account's memory: objects in the shape of dahlia, the clock, the events. Fields that begin with _ are the
// stand-in's own and are never rendered.

import { invalid, list, newId } from './wire.mjs';
import { render } from './render.mjs';

const day = 86_400;

export class Account {
    constructor({ prices = {}, shape, apiVersion, dunning, url }) {
        this.objects = new Map();
        this.events = [];
        this.offset = 0;
        this.fixed = null; // the time of what is due, while the clock advances
        this.shape = shape;
        this.apiVersion = apiVersion;
        this.url = url;
        this.request = null; // of the API, while it is carried out
        this.dunning = { retries: [3 * day, 5 * day, 7 * day], end: 'cancel', ...dunning };
        this.draftSeconds = 3600;
        this.upcomingSeconds = 7 * day;
        this.onEvent = () => {};
        this.wantsEvent = () => true;
        for (const [id, price] of Object.entries(prices)) this.addPrice(id, price);
    }

    now() {
        return this.fixed ?? Math.floor(Date.now() / 1000) + this.offset;
    }

    add(object) {
        this.objects.set(object.id, object);
        return object;
    }

    all(type) {
        return [...this.objects.values()].filter(({ object }) => object === type);
    }

    // `param`: the parameter that names it; without one the path does.
    get(type, id, param) {
        const found = this.objects.get(id);
        if (found?.object === type) return found;
        const name = type.split('.').at(-1).replaceAll('_', ' ');
        const more = param ? { param } : { param: 'id', status: 404 };
        throw invalid(`No such ${name}: '${id}'`, { code: 'resource_missing', ...more });
    }

    // A customer that may be charged.
    customer(id, param) {
        const found = this.get('customer', id, param);
        if (!found.deleted) return found;
        throw invalid(`No such customer: '${id}'; a similar object has been deleted`, {
            code: 'resource_missing',
            ...(param ? { param } : { param: 'id', status: 404 }),
        });
    }

    addPrice(id, { unit_amount, currency = 'usd', interval = 'month', interval_count = 1, product, ...more }) {
        return this.add({
            id,
            object: 'price',
            active: true,
            billing_scheme: 'per_unit',
            created: this.now(),
            currency,
            custom_unit_amount: null,
            livemode: false,
            lookup_key: null,
            metadata: {},
            nickname: null,
            product: product ?? newId('prod_', 14),
            recurring: interval && {
                interval,
                interval_count,
                meter: null,
                trial_period_days: null,
                usage_type: 'licensed',
            },
            tax_behavior: 'unspecified',
            tiers_mode: null,
            transform_quantity: null,
            type: interval ? 'recurring' : 'one_time',
            unit_amount,
            unit_amount_decimal: String(unit_amount),
            ...more,
        });
    }

    render(object, options = {}) {
        return render(this, object, { shape: this.shape, ...options });
    }

    emit(type, object, previous) {
        if (!this.wantsEvent(type)) return null;
        const event = {
            id: newId('evt_1', 23),
            object: 'event',
            api_version: this.apiVersion,
            created: this.now(),
            data: {
                object: this.render(object),
                ...(previous && { previous_attributes: previous }),
            },
            livemode: false,
            pending_webhooks: 0,
            request: this.request ?? { id: null, idempotency_key: null },
            type,
        };
        if (type === 'invoice.upcoming') delete event.data.object.id;
        this.events.push(event);
        this.onEvent(event);
        return event;
    }

    // Changes the object, and emits the event with what it was before. Nothing is emitted when nothing changed.
    change(object, type, fields) {
        const before = this.render(object);
        if (typeof fields === 'function') fields(object);
        else Object.assign(object, fields);
        const previous = difference(before, this.render(object));
        if (type && Object.keys(previous).length) this.emit(type, object, previous);
        return object;
    }

    // A page of objects, newest first, as the parameters ask for.
    page(url, objects, { limit, starting_after, ending_before, created }) {
        const size = Number(limit ?? 10);
        if (!(size >= 1 && size <= 100)) {
            throw invalid('Invalid limit: must be between 1 and 100', { param: 'limit' });
        }
        let found = objects.toReversed ? objects.toReversed() : [...objects].reverse();
        if (typeof created === 'string') found = found.filter((one) => one.created === Number(created));
        else {
            const { gt = -1, gte = 0, lt = Infinity, lte = Infinity } = created ?? {};
            found = found.filter(
                ({ created: at }) => at > Number(gt) && at >= Number(gte) && at < Number(lt) && at <= Number(lte),
            );
        }
        const indexOf = (id, param) => {
            const index = found.findIndex((one) => one.id === id);
            if (index < 0) throw invalid(`No such object: '${id}'`, { param, code: 'resource_missing' });
            return index;
        };
        if (starting_after) found = found.slice(indexOf(starting_after, 'starting_after') + 1);
        if (ending_before) {
            const before = found.slice(0, indexOf(ending_before, 'ending_before'));
            return list(url, before.slice(-size), { has_more: before.length > size });
        }
        return list(url, found.slice(0, size), { has_more: found.length > size });
    }
}

// The members of `before` that differ in `after`: objects by key, lists whole, null for new members.
export function difference(before, after) {
    const previous = {};
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
        const [old, now] = [before[key], after[key]];
        if (JSON.stringify(old) === JSON.stringify(now)) continue;
        const nested = [old, now].every((one) => one && typeof one === 'object' && !Array.isArray(one));
        previous[key] = nested ? difference(old, now) : (old ?? null);
    }
    return previous;
}
