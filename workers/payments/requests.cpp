#include "workers/payments/requests.hpp"

namespace airi::workers::payments {
namespace {

namespace stripe = providers::stripe;
using stripe::parameters;

// An error that is final is the user's answer; any other is tried again.
conclusion failed(const stripe::answer& answer) {
    const auto error = answer.root()["error"];
    const auto kind = failure_of(answer.error);
    if (kind != failure::refused && kind != failure::missing) return {.error = answer.error};
    const auto text = [&](std::string_view name) { return error[name].string().value_or(""); };
    if (text("type") == "card_error") return refused(402, "PAYMENT_REFUSED", text("message"));
    return refused(409, "PAYMENT_REFUSED", "the payment provider rejected this");
}

conclusion done(const ask& asked, json::object& result) {
    return {.result = result.text(), .customer = asked.customer};
}

// `result`: further members of the answer.
conclusion done_with(const ask& asked, json::value subscription, json::object result = {}) {
    result.add_raw("subscription", stripe::subscription_of(subscription));
    auto out = done(asked, result);
    out.subscription = stripe::id_of(subscription["id"]);
    return out;
}

// The redirect is the provider's page: nothing has changed yet.
conclusion redirect(const ask& asked, json::value session) {
    json::object result;
    result.add("id", stripe::id_of(session["id"])).add("url", session["url"].string().value_or(""));
    return done(asked, result);
}

awaitable<conclusion> checkout(const ask& asked, const stripe::client& stripe) {
    const auto plan = asked.parameter("plan");
    const auto got = co_await stripe.post("checkout/sessions",
        {{"mode", "subscription"}, {"customer", asked.customer}, {"client_reference_id", asked.user},
            {"line_items[0][price]", asked.parameter("price")}, {"line_items[0][quantity]", "1"},
            {"success_url", asked.parameter("success_url")}, {"cancel_url", asked.parameter("cancel_url")},
            {"metadata[user_id]", asked.user}, {"metadata[plan]", plan},
            {"subscription_data[metadata][user_id]", asked.user}, {"subscription_data[metadata][plan]", plan},
            {"allow_promotion_codes", "true"}},
        asked.id + "/checkout");
    co_return got.error ? failed(got) : redirect(asked, got.root());
}

awaitable<conclusion> portal(const ask& asked, const stripe::client& stripe) {
    const auto got = co_await stripe.post("billing_portal/sessions",
        {{"customer", asked.customer}, {"return_url", asked.parameter("return_url")}}, asked.id + "/portal");
    co_return got.error ? failed(got) : redirect(asked, got.root());
}

awaitable<conclusion> subscribe(const ask& asked, const stripe::client& stripe) {
    const auto got = co_await stripe.post("subscriptions",
        {{"customer", asked.customer}, {"items[0][price]", asked.parameter("price")},
            {"payment_behavior", "default_incomplete"},
            {"payment_settings[save_default_payment_method]", "on_subscription"}, {"metadata[user_id]", asked.user},
            {"metadata[plan]", asked.parameter("plan")}, {"expand[0]", "latest_invoice.confirmation_secret"}},
        asked.id + "/subscribe");
    if (got.error) co_return failed(got);
    json::object secret;
    secret.add("client_secret", got.root()["latest_invoice"]["confirmation_secret"]["client_secret"].string());
    co_return done_with(asked, got.root(), std::move(secret));
}

awaitable<conclusion> pay_once(const ask& asked, const stripe::client& stripe) {
    const auto currency = asked.parameter("currency");
    parameters given{{"amount", asked.parameters["amount"].text()}, {"currency", currency},
        {"customer", asked.customer}, {"metadata[user_id]", asked.user}, {"metadata[plan]", asked.parameter("plan")},
        {"payment_method_types[0]", "card"}};
    // The others are for euros only.
    if (currency == "eur") {
        int next = 1;
        for (const auto* method : {"sepa_debit", "ideal", "bancontact"})
            given.emplace_back("payment_method_types[" + std::to_string(next++) + "]", method);
    }
    const auto got = co_await stripe.post("payment_intents", std::move(given), asked.id + "/pay");
    if (got.error) co_return failed(got);
    json::object result;
    result.add("payment_intent_id", stripe::id_of(got.root()["id"]))
        .add("client_secret", got.root()["client_secret"].string())
        .add("status", got.root()["status"].string());
    auto out = done(asked, result);
    out.payment = stripe::id_of(got.root()["id"]);
    co_return out;
}

// A change of the subscription itself needs it without the plan for its next period.
awaitable<stripe::answer> release(
    const ask& asked, json::value subscription, const stripe::client& stripe, std::string_view step) {
    const auto schedule = stripe::id_of(subscription["schedule"]);
    if (schedule.empty()) co_return stripe::answer{};
    co_return co_await stripe.post(
        "subscription_schedules/" + schedule + "/release", {}, asked.id + "/" + std::string(step));
}

std::string first_item(json::value subscription, std::string_view member) {
    std::string out;
    subscription["items"]["data"].each([&](json::value item) {
        if (out.empty()) out = stripe::id_of(item[member]);
    });
    return out;
}

// At once, and the difference is billed at once: only when it is paid does the provider change the subscription.
awaitable<conclusion> upgrade(const ask& asked, json::value subscription, const stripe::client& stripe) {
    if (const auto freed = co_await release(asked, subscription, stripe, "release"); freed.error)
        co_return failed(freed);
    const auto got = co_await stripe.post("subscriptions/" + stripe::id_of(subscription["id"]),
        {{"items[0][id]", first_item(subscription, "id")}, {"items[0][price]", asked.parameter("price")},
            {"proration_behavior", "always_invoice"}, {"payment_behavior", "pending_if_incomplete"}},
        asked.id + "/upgrade");
    if (got.error) co_return failed(got);
    auto out = done_with(asked, got.root());
    out.next_plan = "";
    co_return out;
}

// From the next period on.
awaitable<conclusion> downgrade(const ask& asked, json::value subscription, const stripe::client& stripe) {
    auto schedule = stripe::id_of(subscription["schedule"]);
    std::optional<stripe::answer> made;
    if (schedule.empty())
        made = co_await stripe.post("subscription_schedules",
            {{"from_subscription", stripe::id_of(subscription["id"])}}, asked.id + "/schedule");
    else
        made = co_await stripe.get("subscription_schedules/" + schedule);
    if (made->error) co_return failed(*made);
    schedule = stripe::id_of(made->root()["id"]);
    const auto now = made->root()["current_phase"];
    const auto got = co_await stripe.post("subscription_schedules/" + schedule,
        {{"end_behavior", "release"}, {"phases[0][items][0][price]", first_item(subscription, "price")},
            {"phases[0][start_date]", now["start_date"].text()}, {"phases[0][end_date]", now["end_date"].text()},
            {"phases[1][items][0][price]", asked.parameter("price")}},
        asked.id + "/downgrade");
    if (got.error) co_return failed(got);
    auto out = done_with(asked, subscription);
    out.next_plan = asked.parameter("plan");
    co_return out;
}

awaitable<conclusion> change(const ask& asked, json::value subscription, const stripe::client& stripe) {
    if (first_item(subscription, "price") != asked.parameter("price") && !asked.flag("upgrade"))
        co_return co_await downgrade(asked, subscription, stripe);
    co_return co_await upgrade(asked, subscription, stripe);
}

awaitable<conclusion> cancel(const ask& asked, json::value subscription, const stripe::client& stripe) {
    // By an earlier attempt.
    if (subscription["status"].string() == "canceled") co_return done_with(asked, subscription);
    if (const auto freed = co_await release(asked, subscription, stripe, "release"); freed.error)
        co_return failed(freed);
    const auto path = "subscriptions/" + stripe::id_of(subscription["id"]);
    const auto got = asked.flag("immediately")
                         ? co_await stripe.remove(path, asked.id + "/cancel")
                         : co_await stripe.post(path, {{"cancel_at_period_end", "true"}}, asked.id + "/cancel");
    if (got.error) co_return failed(got);
    auto out = done_with(asked, got.root());
    out.next_plan = "";
    co_return out;
}

// Takes a planned cancellation back, in the spelling in which it was made. An attempt that finds another state than the
// one before it has other parameters, and so another key.
awaitable<conclusion> resume(const ask& asked, json::value subscription, const stripe::client& stripe) {
    const auto path = "subscriptions/" + stripe::id_of(subscription["id"]);
    const bool paused = subscription["status"].string() == "paused";
    const bool by_flag = subscription["cancel_at_period_end"].boolean().value_or(false);
    const auto got =
        paused    ? co_await stripe.post(path + "/resume", {{"billing_cycle_anchor", "now"}}, asked.id + "/resume")
        : by_flag ? co_await stripe.post(path, {{"cancel_at_period_end", "false"}}, asked.id + "/keep")
                  : co_await stripe.post(path, {{"cancel_at", ""}}, asked.id + "/keep/at");
    co_return got.error ? failed(got) : done_with(asked, got.root());
}

awaitable<conclusion> preview(const ask& asked, json::value subscription, const stripe::client& stripe) {
    const auto got = co_await stripe.post("invoices/create_preview",
        {{"customer", asked.customer}, {"subscription", stripe::id_of(subscription["id"])},
            {"subscription_details[items][0][id]", first_item(subscription, "id")},
            {"subscription_details[items][0][price]", asked.parameter("price")},
            {"subscription_details[proration_behavior]", "always_invoice"}},
        asked.id + "/preview");
    if (got.error) co_return failed(got);
    json::array lines;
    got.root()["lines"]["data"].each([&](json::value line) {
        lines.add(json::object()
                .add("description", line["description"].string())
                .add("amount", line["amount"].integer().value_or(0)));
    });
    json::object result;
    result.add("amount_due", got.root()["amount_due"].integer().value_or(0))
        .add("currency", got.root()["currency"].string())
        .add("at_once", asked.flag("upgrade"))
        .add_raw("lines", lines.text());
    co_return done(asked, result);
}

using of_subscription = awaitable<conclusion> (*)(const ask&, json::value, const stripe::client&);
of_subscription step_of(std::string_view kind) {
    if (kind == "change") return change;
    if (kind == "cancel") return cancel;
    if (kind == "resume") return resume;
    if (kind == "preview") return preview;
    return nullptr;
}

// The provider deletes the customer's data and ends the subscriptions at once.
awaitable<conclusion> forget(const ask& asked, const stripe::client& stripe) {
    const auto got = co_await stripe.remove("customers/" + asked.customer, {});
    if (got.error && got.error != stripe::errc::missing) co_return failed(got);
    co_return conclusion{};
}

// The payment by which an invoice was paid.
awaitable<conclusion> find_payment(std::string invoice, std::string& payment, const stripe::client& stripe) {
    const auto got = co_await stripe.get("invoice_payments?status=paid&invoice=" + invoice);
    if (got.error) co_return failed(got);
    got.root()["data"].each([&](json::value each) {
        if (payment.empty()) payment = stripe::id_of(each["payment"]["payment_intent"]);
    });
    if (payment.empty()) co_return refused(409, "NOT_REFUNDABLE", "the invoice was not paid at the payment provider");
    co_return conclusion{};
}

awaitable<conclusion> refund(const ask& asked, const stripe::client& stripe) {
    auto payment = asked.parameter("payment");
    if (payment.empty())
        if (auto found = co_await find_payment(asked.parameter("invoice"), payment, stripe);
            found.error || found.state == "refused")
            co_return found;
    parameters given{{"payment_intent", payment}, {"metadata[request]", asked.id}};
    if (const auto amount = asked.parameters["amount"]; amount.integer()) given.emplace_back("amount", amount.text());
    if (const auto reason = asked.parameter("reason"); !reason.empty()) given.emplace_back("reason", reason);
    const auto got = co_await stripe.post("refunds", std::move(given), asked.id + "/refund");
    if (got.error) {
        auto out = failed(got);
        const auto why = got.root()["error"]["message"].string();
        co_return out.error || !why ? out : refused(409, "NOT_REFUNDABLE", *why);
    }
    json::object result;
    result.add("id", stripe::id_of(got.root()["id"]))
        .add("amount", got.root()["amount"].integer().value_or(0))
        .add("currency", got.root()["currency"].string())
        .add("status", got.root()["status"].string());
    auto out = done(asked, result);
    out.payment = payment;
    co_return out;
}

// The user's customer, made with the first request. Its key is the user's, so that two requests make one.
awaitable<conclusion> find_customer(ask& asked, const stripe::client& stripe) {
    if (!asked.customer.empty()) co_return conclusion{};
    parameters given{{"email", asked.email}, {"metadata[user_id]", asked.user}};
    if (!asked.name.empty()) given.emplace_back("name", asked.name);
    if (!asked.locale.empty()) given.emplace_back("preferred_locales[0]", asked.locale);
    const auto got = co_await stripe.post("customers", std::move(given), "customer/" + asked.user);
    if (got.error) co_return failed(got);
    asked.customer = stripe::id_of(got.root()["id"]);
    co_return conclusion{};
}

}  // namespace

conclusion refused(unsigned status, std::string_view code, std::string_view message) {
    return {.state = "refused",
        .result = json::object().add("status", status).add("code", code).add("message", message).text()};
}

awaitable<conclusion> carry_out(ask asked, const stripe::client& stripe) {
    if (const auto step = step_of(asked.kind)) {
        const auto subscription = co_await stripe.get("subscriptions/" + asked.parameter("subscription"));
        if (subscription.error) co_return failed(subscription);
        co_return co_await step(asked, subscription.root(), stripe);
    }
    if (asked.kind == "forget") co_return co_await forget(asked, stripe);
    if (asked.kind == "refund") co_return co_await refund(asked, stripe);
    auto found = co_await find_customer(asked, stripe);
    if (found.error || found.state == "refused") co_return found;
    if (asked.kind == "checkout") co_return co_await checkout(asked, stripe);
    if (asked.kind == "portal") co_return co_await portal(asked, stripe);
    if (asked.kind == "subscribe") co_return co_await subscribe(asked, stripe);
    if (asked.kind == "payment") co_return co_await pay_once(asked, stripe);
    co_return refused(500, "INTERNAL", "an unknown request");
}

}  // namespace airi::workers::payments
