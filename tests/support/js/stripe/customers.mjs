// Customers, and their deletion.

import { endSubscription } from './subscriptions.mjs';
import { newId } from './wire.mjs';

export function addCustomer(account, { email = null, name = null, phone = null, metadata = {}, ...more }) {
    const customer = account.add({
        id: newId('cus_', 14),
        object: 'customer',
        address: null,
        balance: 0,
        created: account.now(),
        currency: null,
        default_source: null,
        delinquent: false,
        description: null,
        discount: null,
        email,
        invoice_prefix: newId('', 8).toUpperCase(),
        invoice_settings: {
            custom_fields: null,
            default_payment_method: null,
            footer: null,
            rendering_options: null,
        },
        livemode: false,
        metadata,
        name,
        next_invoice_sequence: 1,
        phone,
        preferred_locales: [],
        shipping: null,
        tax_exempt: 'none',
        test_clock: null,
        ...more,
    });
    account.emit('customer.created', customer);
    return customer;
}

export function deleteCustomer(account, customer) {
    for (const subscription of account.all('subscription')) {
        if (subscription.customer !== customer.id) continue;
        if (!['canceled', 'incomplete_expired'].includes(subscription.status)) {
            endSubscription(account, subscription, 'cancellation_requested');
        }
    }
    account.emit('customer.deleted', customer);
    const { id, email } = customer;
    const deleted = { id, object: 'customer', deleted: true };
    account.objects.set(id, { ...deleted, _email: email });
    return deleted;
}
