// Buying: subscriptions, invoices, one-off payments, and the webhooks of the payment provider.
#include "events/payments.hpp"
#include "gateway/api/csv.hpp"
#include "gateway/api/data_route.hpp"
#include "gateway/payments/payment_request.hpp"
#include "gateway/payments/webhook_signature.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::string_view stripe = "stripe";
constexpr std::size_t webhook_body = 512 * 1024;

problem foreign_url(std::string_view member) {
    return invalid("/" + std::string(member), "must be a URL of this product's own pages");
}

// The body's plan, if any, with the pages to which the provider sends the user back.
awaitable<route_result> ask(exchange& exchange, std::string_view kind, unsigned status = 200) {
    json::object body;
    for (const auto* member : {"plan", "interval"})
        if (const auto text = exchange.optional_text(member)) body.add(member, *text);
    for (const auto* member : {"immediately", "immediate_start"})
        if (exchange.json()[member].boolean().value_or(false)) body.add(member, true);
    constexpr std::pair<const char*, const char*> pages[] = {
        {"success_url", "/#/billing/paid"}, {"cancel_url", "/#/billing"}, {"return_url", "/#/billing"}};
    for (const auto& [member, page] : pages) {
        const auto url = return_url(exchange.services, exchange.optional_text(member), page);
        if (!url) co_return foreign_url(member);
        body.add(member, *url);
    }
    payment_ask asked{exchange.new_id<events::payment_request_id>(), exchange.caller->id, kind, body.text(), status};
    co_return co_await request_payment(exchange.services, exchange.request, std::move(asked));
}

awaitable<route_result> checkout(exchange& exchange) { return ask(exchange, "checkout", 201); }
awaitable<route_result> subscribe(exchange& exchange) { return ask(exchange, "subscribe", 201); }
awaitable<route_result> change(exchange& exchange) { return ask(exchange, "change"); }
awaitable<route_result> cancel(exchange& exchange) { return ask(exchange, "cancel"); }
awaitable<route_result> resume(exchange& exchange) { return ask(exchange, "resume"); }
awaitable<route_result> preview(exchange& exchange) { return ask(exchange, "preview"); }
awaitable<route_result> withdraw(exchange& exchange) { return ask(exchange, "withdraw"); }
awaitable<route_result> portal(exchange& exchange) { return ask(exchange, "portal", 201); }
awaitable<route_result> pay(exchange& exchange) { return ask(exchange, "payment", 201); }

// The worker gets the body as it is.
awaitable<route_result> pass_on(exchange& exchange, std::string_view kind, unsigned status = 200) {
    payment_ask asked{
        exchange.new_id<events::payment_request_id>(), exchange.caller->id, kind, exchange.body_text(), status};
    return request_payment(exchange.services, exchange.request, std::move(asked));
}

awaitable<route_result> details(exchange& exchange) { return pass_on(exchange, "details"); }
awaitable<route_result> refund(exchange& exchange) { return pass_on(exchange, "refund", 201); }

// How-to-AI's clients name the plan that the user is to have; the present one decides how it is reached.
awaitable<route_result> put(exchange& exchange) {
    const auto rows = co_await postgres::run_one(
        exchange.services.database, exchange.caller->id, sql::bind("payments.way", {{"plan", exchange.text("plan")}}));
    if (!rows) co_return problem_of(rows.error());
    const auto way = std::string(rows->text(0, 0));
    co_return co_await ask(exchange, way, way == "checkout" ? 201 : 200);
}

std::string order_of(const exchange& exchange) {
    const auto object = exchange.json()["data"]["object"];
    const auto customer = object["customer"].string(), id = object["id"].string();
    return std::string(customer ? *customer : id.value_or("")).substr(0, 255);
}

problem bad_signature(signature found) {
    const auto* why = found == signature::malformed  ? "Stripe-Signature is missing or malformed"
                      : found == signature::outdated ? "the signature is older than five minutes, or not yet valid"
                                                     : "the signature does not fit the body";
    return {400, "SIGNATURE_INVALID", why};
}

// Acknowledged when Kafka has the event: Stripe sends any other again.
awaitable<route_result> receive_webhook(exchange& exchange) {
    const auto& request = exchange.request;
    const auto& secrets = exchange.services.options.stripe_webhook_secrets;
    if (secrets.empty()) co_return not_found("webhook: STRIPE_WEBHOOK_SECRET is not set");
    if (!exchange.services.publisher.available()) co_return problem_of(postgres::errc::unavailable);
    const auto headers = std::ranges::count(request.headers, "stripe-signature", [](const auto& h) { return h.first; });
    const auto found = headers > 1 ? signature::malformed
                                   : check_webhook_signature(
                                         request.header("stripe-signature"), request.body, secrets, request.arrived);
    if (found != signature::good) {
        log::warn("webhook.refused", {{"provider", stripe}, {"address", request.address}});
        co_return bad_signature(found);
    }
    const events::webhook_received event{std::string(stripe), order_of(exchange), request.body, request.arrived};
    const auto id = event_id::of(uuid{}, std::string(stripe) + '/' + exchange.text("id"));
    const auto sent = co_await publish_event(exchange.services.publisher, event, id, request);
    if (!sent) co_return problem_of(sent.error());
    response received;
    received.body = R"({"received":true})";
    co_return answer(std::move(received));
}

std::string csv_of_days(json::value report) {
    static constexpr std::array<std::string_view, 5> columns{"day", "currency", "paid", "refunded", "payments"};
    return csv_of(report["by_day"], columns);
}

awaitable<route_result> revenue(exchange& exchange) {
    return answer_file(exchange, {"text/csv; charset=utf-8", "revenue.csv", csv_of_days});
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/subscription/create-checkout",
        .name = "payments.checkout",
        .access = access::session,
        .rate_group = "subscription",
        .handler = checkout,
        .body_limit = small_body,
        .body = "Checkout",
        .response = "PaymentPage",
        .status = 201,
        .other_statuses = "402 404 409 503",
        .summary = "Buy a plan: the page of the provider on which the user pays"},
    route{.method = verb::post,
        .path = "/billing/subscription",
        .name = "payments.subscribe",
        .access = access::session,
        .rate_group = "subscription",
        .handler = subscribe,
        .body_limit = small_body,
        .body = "PlanChoice",
        .response = "SubscriptionChange",
        .status = 201,
        .other_statuses = "402 404 409 503",
        .summary = "Create a subscription that is incomplete until it is paid with the client secret"},
    route{.method = verb::patch,
        .path = "/billing/subscription",
        .name = "payments.change",
        .access = access::session,
        .rate_group = "subscription",
        .handler = change,
        .body_limit = small_body,
        .body = "PlanChoice",
        .response = "SubscriptionChange",
        .other_statuses = "402 404 409 503",
        .summary = "Change the plan: to a higher one at once, to a lower one with the next period"},
    route{.method = verb::put,
        .path = "/subscription",
        .name = "payments.put",
        .access = access::session,
        .rate_group = "subscription",
        .handler = put,
        .body_limit = small_body,
        .body = "PlanChoice",
        .response = "SubscriptionChange",
        .other_statuses = "201 402 404 409 503",
        .summary = "Have this plan: 201 and a page to pay on when there is no subscription, otherwise it is changed"},
    route{.method = verb::post,
        .path = "/subscription/cancel",
        .also = "DELETE /billing/subscription",
        .name = "payments.cancel",
        .access = access::session,
        .rate_group = "subscription",
        .handler = cancel,
        .body_limit = small_body,
        .body = "Cancellation",
        .response = "SubscriptionChange",
        .other_statuses = "402 404 409 503",
        .summary = "Cancel the subscription at the end of its period, or immediately"},
    route{.method = verb::post,
        .path = "/subscription/resume",
        .name = "payments.resume",
        .access = access::session,
        .rate_group = "subscription",
        .handler = resume,
        .body_limit = small_body,
        .body = "Empty",
        .response = "SubscriptionChange",
        .other_statuses = "402 404 409 503",
        .summary = "Take a planned cancellation back, or continue a paused subscription"},
    route{.method = verb::post,
        .path = "/subscription/preview",
        .name = "payments.preview",
        .access = access::session,
        .rate_group = "subscription",
        .handler = preview,
        .body_limit = small_body,
        .body = "PlanChoice",
        .response = "PaymentPreview",
        .other_statuses = "402 404 409 503",
        .summary = "What a change to this plan would cost now"},
    route{.method = verb::post,
        .path = "/billing/withdrawal",
        .name = "payments.withdraw",
        .access = access::session,
        .rate_group = "subscription",
        .handler = withdraw,
        .body_limit = small_body,
        .body = "Empty",
        .response = "Withdrawal",
        .other_statuses = "402 404 409 503",
        .summary = "Withdraw from a subscription while that is possible: it ends now, and what was paid comes back"},
    route{.method = verb::put,
        .path = "/billing/details",
        .name = "payments.details",
        .access = access::session,
        .rate_group = "subscription",
        .handler = details,
        .body_limit = small_body,
        .body = "BillingDetails",
        .response = "Empty",
        .other_statuses = "402 409 503",
        .summary = "Set the name, address and VAT id on invoices; the tax depends on them"},
    route{.method = verb::post,
        .path = "/billing/portal",
        .also = "/subscription/portal",
        .name = "payments.portal",
        .access = access::session,
        .rate_group = "subscription",
        .handler = portal,
        .body_limit = small_body,
        .body = "PortalReturn",
        .response = "PaymentPage",
        .status = 201,
        .other_statuses = "404 409 503",
        .summary = "The provider's page for payment methods, invoices and cancelling"},
    route{.method = verb::get,
        .path = "/billing/invoices",
        .also = "/subscription/invoices",
        .name = "payments.invoices",
        .rate_group = "subscription",
        .query = "Page",
        .response = "Invoice[]",
        .summary = "List invoices, newest first"},
    route{.method = verb::get,
        .path = "/billing/invoices/{invoice}",
        .also = "/subscription/invoices/{invoice}",
        .name = "payments.invoice",
        .rate_group = "subscription",
        .response = "Invoice",
        .summary = "Get one invoice"},
    route{.method = verb::post,
        .path = "/payments/stripe",
        .name = "payments.pay",
        .access = access::session,
        .rate_group = "subscription",
        .handler = pay,
        .body_limit = small_body,
        .body = "PlanChoice",
        .response = "PaymentIntent",
        .status = 201,
        .other_statuses = "402 409 503",
        .summary = "Buy a plan that is paid once: an intent that the client pays with the secret"},
    route{.method = verb::get,
        .path = "/payments/{payment}",
        .name = "payments.payment",
        .rate_group = "subscription",
        .response = "Payment",
        .summary = "Get one payment, by its id or the provider's"},
    route{.method = verb::post,
        .path = "/admin/refunds",
        .name = "payments.refund",
        .access = access::admin,
        .fresh = true,
        .handler = refund,
        .body_limit = small_body,
        .body = "Refund",
        .response = "Refunded",
        .status = 201,
        .other_statuses = "404 409 503",
        .summary = "Refund a payment or a paid invoice, whole or in part; what it unlocked for good is locked again"},
    route{.method = verb::get,
        .path = "/admin/revenue",
        .also = "/admin/analytics/revenue",
        .name = "payments.revenue",
        .access = access::admin,
        .handler = revenue,
        .query = "RevenueQuery",
        .response = "Revenue",
        .response_media = "text/csv",
        .summary = "Recurring revenue, income by day, users by plan, conversion and churn; the days as CSV too"},
    route{.method = verb::post,
        .path = "/webhooks/stripe",
        .also = "/subscription/webhook /billing/webhook /payments/stripe/webhook",
        .name = "payments.webhook",
        .access = access::anyone,
        .rate_group = "webhooks",
        .unkeyed = "the provider's events have ids of their own",
        .handler = receive_webhook,
        .body_limit = webhook_body,
        .body = "StripeEvent",
        .response = "WebhookReceived",
        .other_statuses = "400 404 503",
        .summary = "Receive an event of Stripe's",
        .bare = true},
};

}  // namespace

extern const std::span<const route> payments{rows};

}  // namespace airi::gateway::routes
