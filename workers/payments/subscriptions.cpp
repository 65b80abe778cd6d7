#include "workers/payments/subscriptions.hpp"

#include "workers/payments/refunds.hpp"

namespace airi::workers::payments {
namespace {

namespace stripe = providers::stripe;

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
            {"proration_behavior", "always_invoice"}, {"payment_behavior", "pending_if_incomplete"},
            {"expand[0]", "latest_invoice.confirmation_secret"}},
        asked.id + "/upgrade");
    if (got.error) co_return failed(got);
    auto out = done_with(asked.customer, got.root(), client_secret_of(got.root()));
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
    auto out = done_with(asked.customer, subscription);
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
    if (subscription["status"].string() == "canceled") co_return done_with(asked.customer, subscription);
    if (const auto freed = co_await release(asked, subscription, stripe, "release"); freed.error)
        co_return failed(freed);
    const auto path = "subscriptions/" + stripe::id_of(subscription["id"]);
    const auto got = asked.flag("immediately")
                         ? co_await stripe.remove(path, asked.id + "/cancel")
                         : co_await stripe.post(path, {{"cancel_at_period_end", "true"}}, asked.id + "/cancel");
    if (got.error) co_return failed(got);
    auto out = done_with(asked.customer, got.root());
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
    co_return got.error ? failed(got) : done_with(asked.customer, got.root());
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
    co_return done(asked.customer, result);
}

awaitable<conclusion> withdraw(const ask& asked, json::value subscription, const stripe::client& stripe) {
    auto ended = co_await cancel(asked, subscription, stripe);
    if (!ended.ok()) co_return ended;
    co_return co_await refund_parts(asked, subscription, std::move(ended), stripe);
}

}  // namespace

of_subscription step_of(std::string_view kind) {
    if (kind == "change") return change;
    if (kind == "cancel") return cancel;
    if (kind == "resume") return resume;
    if (kind == "preview") return preview;
    if (kind == "withdraw") return withdraw;
    return nullptr;
}

}  // namespace airi::workers::payments
