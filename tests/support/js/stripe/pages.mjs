// The pages that a person sees at Stripe: the payment page of a checkout session, and the customer portal.

const escaped = (text) => String(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

const page = (title, body) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head>
<body><main><h1>${escaped(title)}</h1>${body}</main></body></html>`;

const money = (amount, currency) => `${(amount / 100).toFixed(2)} ${currency.toUpperCase()}`;

function checkoutPage(session, error) {
    const options = {
        ok: 'Card',
        declined: 'Declined card',
        requires_action: '3-D Secure card',
        sepa_processing: 'SEPA debit',
    };
    const choices = Object.entries(options).map(([card, name]) => `<option value="${card}">${name}</option>`);
    const back = session.cancel_url ? `<a id="back" role="button" href="${escaped(session.cancel_url)}">Back</a>` : '';
    return page(
        `Pay ${money(session.amount_total, session.currency)}`,
        `${error ? `<p role="alert">${escaped(error)}</p>` : ''}
<form method="post" action="/c/pay/${session.id}">
<label>Email <input name="email" type="email" value="${escaped(session.customer_email ?? '')}"></label>
<label>Payment method <select name="card">${choices.join('')}</select></label>
<button id="pay">Pay</button></form>${back}`,
    );
}

function portalPage(portal, subscriptions) {
    const rows = subscriptions.map(({ id, status, cancel_at: at, items }) => {
        const plan = escaped(items.data[0].price.product);
        const state = at ? `cancels on ${new Date(at * 1000).toISOString().slice(0, 10)}` : escaped(status);
        const button = at ? '' : '<button class="cancel">Cancel subscription</button>';
        return `<form method="post" action="/p/session/${portal.id}">
<input type="hidden" name="subscription" value="${id}"><p>${plan}: ${state}</p>${button}</form>`;
    });
    const back = portal.return_url ? `<a id="back" role="button" href="${escaped(portal.return_url)}">Back</a>` : '';
    return page('Your subscription', rows.join('') + back);
}

const html = (status, text) => ({ status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, text });
const seeOther = (url) => ({ status: 303, headers: { Location: url }, text: '' });

// The answer of a page, or undefined where there is none: { status, headers, text }.
export function showPage(standIn, method, path, form) {
    const { account } = standIn;
    const [, kind, id] = path.match(/^\/(c\/pay|p\/session)\/(\w+)$/) ?? [];
    const found = account.objects.get(id);
    if (!kind || !found) return undefined;
    return kind === 'c/pay' ? checkout(standIn, method, found, form) : portal(standIn, method, found, form);
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
