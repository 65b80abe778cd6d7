// The names that Stripe's parameters have inside of others, and those that this stand-in does not carry out.

import { unknownParameter, Problem } from './wire.mjs';

const item = 'id,price,price_data,plan,quantity,metadata,discounts,tax_rates,billing_thresholds,deleted,clear_usage';
const nested = {
    line_items: 'price,price_data,quantity,adjustable_quantity,dynamic_tax_rates,tax_rates,metadata',
    items: item,
    subscription_data:
        'application_fee_percent,billing_cycle_anchor,billing_cycle_anchor_config,billing_mode,default_tax_rates,' +
        'description,invoice_settings,metadata,on_behalf_of,pending_invoice_item_interval,proration_behavior,' +
        'transfer_data,trial_end,trial_period_days,trial_settings',
    payment_intent_data:
        'application_fee_amount,capture_method,description,metadata,on_behalf_of,receipt_email,setup_future_usage,' +
        'shipping,statement_descriptor,statement_descriptor_suffix,transfer_data,transfer_group',
    subscription_details:
        'billing_cycle_anchor,billing_mode,billing_schedules,cancel_at,cancel_at_period_end,cancel_now,' +
        'default_tax_rates,items,metadata,proration_behavior,proration_date,resume_at,start_date,trial_end',
    automatic_tax: 'enabled,liability',
    tax_id_collection: 'enabled,required',
    consent_collection: 'payment_method_reuse_agreement,promotions,terms_of_service',
    invoice_settings: 'account_tax_ids,custom_fields,default_payment_method,footer,issuer,rendering_options',
    automatic_payment_methods: 'enabled,allow_redirects',
    cancellation_details: 'comment,feedback',
    pause_collection: 'behavior,resumes_at',
    trial_settings: 'end_behavior',
    payment_settings: 'payment_method_options,payment_method_types,save_default_payment_method',
    phases:
        'items,start_date,end_date,duration,iterations,proration_behavior,metadata,trial,trial_end,default_tax_rates,' +
        'collection_method,billing_cycle_anchor,description,automatic_tax,currency,discounts,add_invoice_items,' +
        'application_fee_percent,billing_thresholds,default_payment_method,invoice_settings,on_behalf_of,transfer_data',
};
const allowed = Object.fromEntries(Object.entries(nested).map(([name, text]) => [name, new Set(text.split(','))]));

// Stripe would act on them; a test that needs them has to teach the stand-in first.
const untaught =
    /^(discounts|add_invoice_items|billing_cycle_anchor|days_until_due|invoice_creation|transfer_data|on_behalf_of)$/;

function refuseUntaught(name, value, path) {
    if (!untaught.test(name) || value === 'unchanged' || value === '') return;
    const message = `The stand-in does not know ${path} yet`;
    throw new Problem(501, { type: 'api_error', message }, { saved: false });
}

// `names`: the route's parameters; an entry name=value is an untaught one whose value this route does carry out.
export function checkParameters(params, names) {
    for (const [name, value] of Object.entries(params)) {
        if (!names.has(name)) throw unknownParameter(name);
        if (!names.has(`${name}=${value}`)) refuseUntaught(name, value, name);
        checkInside(name, value, name);
    }
}

function checkInside(name, value, path) {
    if (!allowed[name] || typeof value !== 'object') return;
    if (Array.isArray(value)) {
        value.forEach((one, index) => checkInside(name, one, `${path}[${index}]`));
        return;
    }
    for (const [key, inner] of Object.entries(value)) {
        if (!allowed[name].has(key)) throw unknownParameter(`${path}[${key}]`);
        refuseUntaught(key, inner, `${path}[${key}]`);
        checkInside(key, inner, `${path}[${key}]`);
    }
}
