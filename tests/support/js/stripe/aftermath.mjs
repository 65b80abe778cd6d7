// Refunds, disputes, and the end of a delayed debit.

import { failIntent, succeedIntent } from './money.mjs';
import { invoiceCharged } from './invoices.mjs';
import { integer, invalid, newId } from './wire.mjs';

const day = 86_400;

export function createRefund(account, params) {
    const intent = params.payment_intent && account.get('payment_intent', params.payment_intent, 'payment_intent');
    const id = params.charge ?? intent?.latest_charge;
    if (!id) {
        throw invalid('One of the following params should be provided for this request: payment_intent or charge.');
    }
    const charge = account.get('charge', id, 'charge');
    if (charge.status !== 'succeeded') {
        throw invalid(`Charge ${id} cannot be refunded because it has not succeeded.`, {
            code: 'charge_not_refundable',
        });
    }
    if (charge.amount_refunded >= charge.amount) {
        throw invalid(`Charge ${id} has already been refunded.`, { code: 'charge_already_refunded' });
    }
    if (charge.disputed) {
        throw invalid(`Charge ${id} has been charged back; cannot issue a refund.`, { code: 'charge_disputed' });
    }
    const left = charge.amount - charge.amount_refunded;
    const amount = integer(params.amount, 'amount') ?? left;
    if (amount < 1) throw invalid('Invalid positive integer', { param: 'amount', code: 'parameter_invalid_integer' });
    if (amount > left) {
        throw invalid(
            `Refund amount ($${(amount / 100).toFixed(2)}) is greater than unrefunded amount on charge ` +
                `($${(left / 100).toFixed(2)})`,
            { param: 'amount' },
        );
    }
    const delayed = charge.payment_method_details.type !== 'card';
    const refund = account.add({
        id: newId('re_3', 23),
        object: 'refund',
        amount,
        balance_transaction: newId('txn_3', 23),
        charge: charge.id,
        created: account.now(),
        currency: charge.currency,
        customer: charge.customer,
        customer_account: null,
        destination_details: { card: { reference_status: 'pending', type: 'refund' }, type: 'card' },
        metadata: params.metadata ?? {},
        payment_intent: charge.payment_intent,
        payment_method: charge.payment_method,
        reason: params.reason ?? null,
        receipt_number: null,
        source_transfer_reversal: null,
        status: delayed ? 'pending' : 'succeeded',
        transfer_reversal: null,
    });
    account.emit('refund.created', refund);
    account.change(charge, 'charge.refunded', (one) => {
        one.amount_refunded += amount;
        one.refunded = one.amount_refunded === one.amount;
    });
    return refund;
}

// A pending refund arrives.
export function succeedRefund(account, refund) {
    account.change(refund, 'refund.updated', { status: 'succeeded' });
}

export function failRefund(account, refund) {
    account.change(refund, 'refund.updated', {
        status: 'failed',
        failure_reason: 'expired_or_canceled_card',
        failure_balance_transaction: newId('txn_3', 23),
    });
    account.emit('refund.failed', refund);
    const charge = account.objects.get(refund.charge);
    account.change(charge, 'charge.updated', (one) => {
        one.amount_refunded -= refund.amount;
        one.refunded = false;
    });
}

export function openDispute(account, charge, { reason = 'fraudulent', amount = charge.amount } = {}) {
    if (charge.status !== 'succeeded') throw new Error(`charge ${charge.id} is ${charge.status}`);
    charge.disputed = true;
    const dispute = account.add({
        id: newId('dp_1', 23),
        object: 'dispute',
        amount,
        balance_transactions: [],
        charge: charge.id,
        created: account.now(),
        currency: charge.currency,
        enhanced_eligibility_types: [],
        evidence: {},
        evidence_details: {
            due_by: account.now() + 10 * day,
            enhanced_eligibility: {},
            has_evidence: false,
            past_due: false,
            submission_count: 0,
        },
        is_charge_refundable: false,
        livemode: false,
        metadata: {},
        payment_intent: charge.payment_intent,
        payment_method_details: {
            card: { brand: 'visa', case_type: 'chargeback', network_reason_code: '10.4' },
            type: 'card',
        },
        reason,
        status: 'needs_response',
    });
    account.emit('charge.dispute.created', dispute);
    account.emit('charge.dispute.funds_withdrawn', dispute);
    return dispute;
}

export function updateDispute(account, dispute, { evidence, metadata, submit }) {
    if (['won', 'lost'].includes(dispute.status)) throw invalid('This dispute is already closed');
    return account.change(dispute, 'charge.dispute.updated', (one) => {
        Object.assign(one.evidence, evidence);
        Object.assign(one.metadata, metadata);
        if (evidence) one.evidence_details.has_evidence = true;
        if (evidence && submit !== 'false') {
            one.status = 'under_review';
            one.evidence_details.submission_count += 1;
        }
    });
}

export function closeDispute(account, dispute, status) {
    dispute.status = status;
    account.emit('charge.dispute.closed', dispute);
    if (status === 'won') account.emit('charge.dispute.funds_reinstated', dispute);
}

// The bank's answer to a delayed debit, days after its payment was confirmed.
export function settleDebit(account, intent, ok) {
    if (intent.status !== 'processing') throw new Error(`${intent.id} is ${intent.status}`);
    const charge = account.objects.get(intent.latest_charge);
    if (ok) {
        Object.assign(charge, { status: 'succeeded', balance_transaction: newId('txn_3', 23) });
        account.emit('charge.succeeded', charge);
        succeedIntent(account, intent);
    } else {
        const error = { code: 'insufficient_funds', message: 'The customer’s account has insufficient funds.' };
        Object.assign(charge, {
            status: 'failed',
            paid: false,
            captured: false,
            amount_captured: 0,
            failure_code: error.code,
            failure_message: error.message,
        });
        account.emit('charge.failed', charge);
        failIntent(account, intent, { ...error, charge: charge.id, type: 'invalid_request_error' });
    }
    const invoice = account.objects.get(intent._invoice);
    if (invoice) invoiceCharged(account, invoice, ok ? 'ok' : 'declined');
    const session = account
        .all('checkout.session')
        .find((one) => one.status === 'complete' && (one.payment_intent === intent.id || one.invoice === invoice?.id));
    if (!session || session.payment_status !== 'unpaid') return;
    if (ok) session.payment_status = 'paid';
    account.emit(`checkout.session.async_payment_${ok ? 'succeeded' : 'failed'}`, session);
}
