// The pages that a person sees at Stripe: the payment page of a checkout session, the customer portal, an invoice.

const escaped = (text) => String(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

const page = (title, body) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head>
<body><main><h1>${escaped(title)}</h1>${body}</main></body></html>`;

const money = (amount, currency) => `${(amount / 100).toFixed(2)} ${currency.toUpperCase()}`;

const cardNames = {
    ok: 'Card',
    declined: 'Declined card',
    requires_action: '3-D Secure card',
    sepa_processing: 'SEPA debit',
};
const alert = (error) => (error ? `<p role="alert">${escaped(error)}</p>` : '');
const backTo = (url) => (url ? `<a id="back" role="button" href="${escaped(url)}">Back</a>` : '');

function paymentForm(action, fields = '') {
    const choices = Object.entries(cardNames).map(([card, name]) => `<option value="${card}">${name}</option>`);
    return `<form method="post" action="${action}">${fields}
<label>Payment method <select name="card">${choices.join('')}</select></label>
<button id="pay">Pay</button></form>`;
}

function checkoutPage(session, error) {
    const email = escaped(session.customer_email ?? '');
    const field = `<label>Email <input name="email" type="email" value="${email}"></label>`;
    return page(
        `Pay ${money(session.amount_total, session.currency)}`,
        alert(error) + paymentForm(`/c/pay/${session.id}`, field) + backTo(session.cancel_url),
    );
}

function invoicePage(invoice, error) {
    const title = `Invoice ${invoice.number}: ${money(invoice.amount_due, invoice.currency)}`;
    const form = invoice.status === 'open' ? paymentForm(`/i/${invoice.id}`) : `<p>${invoice.status}</p>`;
    return page(title, alert(error) + form);
}

function portalPage(portal, subscriptions) {
    const rows = subscriptions.map(({ id, status, cancel_at: at, items }) => {
        const plan = escaped(items.data[0].price.product);
        const state = at ? `cancels on ${new Date(at * 1000).toISOString().slice(0, 10)}` : escaped(status);
        const button = at ? '' : '<button class="cancel">Cancel subscription</button>';
        return `<form method="post" action="/p/session/${portal.id}">
<input type="hidden" name="subscription" value="${id}"><p>${plan}: ${state}</p>${button}</form>`;
    });
    return page('Your subscription', rows.join('') + backTo(portal.return_url));
}

const html = (status, text) => ({ status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, text });
const seeOther = (url) => ({ status: 303, headers: { Location: url }, text: '' });

// The answer of a page, or undefined where there is none: { status, headers, text }.
export function showPage(standIn, method, path, form) {
    const { account } = standIn;
    const [, kind, id] = path.match(/^\/(c\/pay|p\/session|i)\/(\w+)$/) ?? [];
    const found = account.objects.get(id);
    return found && { 'c/pay': checkout, 'p/session': portal, i: hostedInvoice }[kind]?.(standIn, method, found, form);
}

function checkout(standIn, method, session, form) {
    const success = session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', session.id);
    if (session.status === 'complete') return seeOther(success);
    if (session.status === 'expired') return html(410, page('This session has expired', ''));
    if (method !== 'POST') return html(200, checkoutPage(session));
    const outcome = standIn.completeCheckout(session.id, {
        card: form.card ?? 'ok',
        email: session.customer_email ?? (form.email || undefined),
    });
    if (outcome === 'declined') return html(200, checkoutPage(session, 'Your card was declined.'));
    return seeOther(success);
}

function portal(standIn, method, session, form) {
    const { account } = standIn;
    const subscriptions = account
        .all('subscription')
        .filter(({ customer, status }) => customer === session.customer && !/canceled|expired/.test(status));
    if (method !== 'POST') return html(200, portalPage(session, subscriptions));
    const chosen = subscriptions.find(({ id }) => id === form.subscription);
    if (chosen) standIn.cancelInPortal(chosen.id, { flexible: true });
    return seeOther(`/p/session/${session.id}`);
}

function hostedInvoice(standIn, method, invoice, form) {
    if (method !== 'POST' || invoice.status !== 'open') return html(200, invoicePage(invoice));
    const outcome = standIn.pay(invoice.id, { card: form.card });
    return html(200, invoicePage(invoice, outcome === 'declined' && 'Your card was declined.'));
}
