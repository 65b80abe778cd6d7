#include "workers/payments/payments.hpp"

#include <algorithm>
#include <array>

#include "events/frames/codec.hpp"
#include "events/frames/frame.hpp"
#include "events/frames/payments.hpp"
#include "platform/base/log.hpp"
#include "platform/base/number.hpp"
#include "sql/statements.hpp"
#include "workers/payments/requests.hpp"

namespace airi::workers::payments {
namespace {

namespace stripe = providers::stripe;

constexpr std::string_view provider = "stripe";
// Stripe knows a request's keys for a day; whoever asked has left long before.
constexpr std::int64_t longest_wait_seconds = 3'600;

// Gateways forget the user's account, and their sockets are told.
void tell(after_commit& after, std::string_view changed) {
    const auto parsed = json::document::parse(changed);
    const auto user = parsed ? user_id::parse(parsed->root()["user"].string().value_or("")) : std::nullopt;
    if (!user) return;
    const auto text = [&](std::string_view name) { return std::string(parsed->root()[name].string().value_or("")); };
    after.changed_users.push_back(*user);
    after.announcements.push_back({std::string(events::account_channel), user->text()});
    after.announcements.push_back({events::channel_of(*user),
        events::encode_frame(events::frames::subscription_updated{*user, text("plan"), text("status")})});
}

announcement end_wait(const events::payment_request_id& request) {
    return {events::channel_of(request), events::encode_frame(events::frames::payment_answered{})};
}

// Objects as they are now, and whose. `revision` is the customer's from before they were read: what changes meanwhile
// makes them old.
struct current {
    error_code error{};
    std::string objects = "{}", customer{}, user{};
    std::string revision = "0";
};

awaitable<current> read_objects(stripe::event event, const stripe::client& client) {
    current out;
    out.customer = event.customer;
    json::object objects;
    std::string linked;
    const auto take_customer = [&](json::value object) {
        if (auto id = stripe::id_of(object["customer"]); !id.empty()) out.customer = std::move(id);
    };
    if (!event.session.empty()) {
        const auto got = co_await client.get("checkout/sessions/" + event.session);
        if (got.error) co_return current{got.error};
        event.subscription = stripe::id_of(got.root()["subscription"]);
        event.payment = stripe::id_of(got.root()["payment_intent"]);
        linked = got.root()["client_reference_id"].string().value_or("");
        take_customer(got.root());
    }
    if (!event.invoice.empty()) {
        const auto got = co_await client.get("invoices/" + event.invoice);
        if (got.error) co_return current{got.error};
        event.subscription = stripe::subscription_id_of(got.root());
        objects.add_raw("invoice", stripe::invoice_of(got.root()));
        take_customer(got.root());
    }
    if (!event.subscription.empty()) {
        const auto got = co_await client.get("subscriptions/" + event.subscription);
        if (got.error) co_return current{got.error};
        objects.add_raw("subscription", stripe::subscription_of(got.root()));
        if (linked.empty()) linked = got.root()["metadata"]["user_id"].string().value_or("");
        take_customer(got.root());
    }
    if (!event.payment.empty()) {
        const auto got = co_await client.get("payment_intents/" + event.payment + "?expand%5B%5D=latest_charge");
        if (got.error) co_return current{got.error};
        stripe::answer disputes;
        if (got.root()["latest_charge"]["disputed"].boolean().value_or(false))
            disputes = co_await client.get("disputes?payment_intent=" + event.payment);
        if (disputes.error) co_return current{disputes.error};
        objects.add_raw("payment", stripe::payment_of(got.root(), disputes.root()));
        if (linked.empty()) linked = got.root()["metadata"]["user_id"].string().value_or("");
        take_customer(got.root());
    }
    out.objects = objects.text();
    out.user = std::move(linked);
    co_return out;
}

// An event need not name the customer of its objects.
awaitable<current> read_again(const stripe::event& event, const ports& ports) {
    for (auto customer = event.customer;;) {
        const auto revision = co_await postgres::run_one(
            ports.database, std::nullopt, sql::bind("payments.revision", {{"provider", provider}, {"id", customer}}));
        if (!revision) co_return current{revision.error()};
        auto read = co_await read_objects(event, ports.stripe);
        read.revision = revision->text(0, 0);
        if (read.error || read.customer == customer) co_return read;
        customer = read.customer;
    }
}

effects apply(const events::webhook_received& webhook, const stripe::event& event, std::string_view outcome,
    const current& read) {
    effects out;
    out.statements.push_back(sql::bind(
        "payments.apply", {{"provider", provider}, {"event", event.id}, {"type", event.type}, {"object", event.object},
                              {"outcome", outcome}, {"received", webhook.received_at}, {"customer", read.customer},
                              {"user", read.user}, {"revision", read.revision}, {"objects", read.objects}}));
    out.after_from_rows = [](const std::vector<postgres::rows>& rows) {
        after_commit after;
        tell(after, rows.front().text(0, 0));
        return after;
    };
    return out;
}

effects finish(const events::payment_requested& event, const conclusion& ended, const current& now = {}) {
    effects out;
    out.statements.push_back(sql::bind("payments.finish",
        {{"id", event.request}, {"provider", provider}, {"state", ended.state}, {"result", ended.result},
            {"customer", ended.customer.empty() ? std::nullopt : std::optional(ended.customer)},
            {"next_plan", ended.next_plan}, {"revision", now.revision}, {"objects", now.objects}}));
    out.after_from_rows = [request = event.request](const std::vector<postgres::rows>& rows) {
        after_commit after;
        tell(after, rows.front().text(0, 0));
        after.announcements.push_back(end_wait(request));
        return after;
    };
    return out;
}

}  // namespace

awaitable<result<effects>> handle_webhook(events::webhook_received webhook, const ports& ports) {
    const auto event = stripe::read_event(webhook.body);
    if (!event || webhook.provider != provider) co_return error_code(stripe::errc::rejected);
    const auto seen = co_await postgres::run_one(
        ports.database, std::nullopt, sql::bind("payments.seen", {{"provider", provider}, {"id", event->id}}));
    if (!seen) co_return seen.error();
    if (!seen->empty()) co_return effects{};
    if (event->live != ports.stripe.live()) {
        log::error("payments.other_mode", {{"event_id", event->id}, {"type", event->type}});
        co_return apply(webhook, *event, "other_mode", {});
    }
    if (!event->concerns_us()) co_return apply(webhook, *event, "unknown_type", {});
    const auto read = co_await read_again(*event, ports);
    if (read.error && failure_of(read.error) == failure::missing) co_return apply(webhook, *event, "gone", {});
    if (read.error) co_return read.error;
    co_return apply(webhook, *event, read.customer.empty() ? "unknown_customer" : "applied", read);
}

awaitable<result<effects>> handle_request(events::payment_requested event, const ports& ports) {
    const auto rows = co_await postgres::run_one(
        ports.database, std::nullopt, sql::bind("payments.claim", {{"id", event.request}, {"provider", provider}}));
    if (!rows) co_return rows.error();
    const auto parsed = json::document::parse(rows->text(0, 0));
    if (!parsed || parsed->root().is_null()) {
        effects out;
        out.after.announcements.push_back(end_wait(event.request));
        co_return out;
    }
    const auto root = parsed->root();
    const auto text = [&](std::string_view name) { return std::string(root[name].string().value_or("")); };
    if (!ports.stripe.configured())
        co_return finish(event, refused(503, "PAYMENTS_UNAVAILABLE", "payments are not set up here"));
    if (root["age"].integer().value_or(0) > longest_wait_seconds)
        co_return finish(event, refused(409, "PAYMENT_EXPIRED", "the request took too long; ask again"));
    const auto ended = co_await carry_out({event.request.text(), text("kind"), text("user"), text("email"),
                                              text("name"), text("locale"), text("customer"), root["parameters"]},
        ports.stripe);
    if (ended.error) co_return ended.error;
    if (ended.customer.empty()) co_return finish(event, ended);
    // The answer may be that of an earlier attempt.
    stripe::event changed;
    changed.customer = ended.customer;
    changed.subscription = ended.subscription;
    changed.payment = ended.payment;
    const auto now = co_await read_again(changed, ports);
    if (now.error) co_return now.error;
    co_return finish(event, ended, now);
}

worker declare(const ports& ports) {
    struct handler {
        const payments::ports& ports;
        awaitable<result<effects>> operator()(events::webhook_received event, record) const {
            return handle_webhook(std::move(event), ports);
        }
        awaitable<result<effects>> operator()(events::payment_requested event, record) const {
            return handle_request(std::move(event), ports);
        }
    };
    worker out;
    out.name = "payments";
    out.group = "payments";
    out.topic = std::string(events::webhook_received::topic);
    out.more_topics = {std::string(events::payment_requested::topic)};
    out.max_in_flight = 64;
    out.handle = [webhook = on_event<events::webhook_received>(handler{ports}),
                     request = on_event<events::payment_requested>(handler{ports})](record record) {
        return record.message.topic.starts_with(events::webhook_received::topic) ? webhook(record) : request(record);
    };
    out.give_up = [](record record) {
        const auto event = events::decode<events::payment_requested>(record.message.value);
        if (!event) return effects{};
        return finish(*event, refused(503, "PAYMENTS_UNAVAILABLE", "the payment provider failed; ask again"));
    };
    return out;
}

}  // namespace airi::workers::payments
