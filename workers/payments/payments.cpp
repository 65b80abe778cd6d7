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
void tell(after_commit& after, json::value changed) {
    const auto user = user_id::parse(changed["user"].string().value_or(""));
    if (!user) return;
    const auto text = [&](std::string_view name) { return std::string(changed[name].string().value_or("")); };
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
    std::int64_t revision = 0;
    recent_reads::time begun{};
    std::vector<std::string> ids{};
};

std::vector<std::string> ids_of(const stripe::event& event) {
    std::vector<std::string> out;
    for (const auto& id : {event.session, event.invoice, event.subscription, event.payment})
        if (!id.empty()) out.push_back(id);
    return out;
}

awaitable<current> read_objects(stripe::event event, const stripe::client& client) {
    current out;
    out.begun = recent_reads::time::clock::now();
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
    out.ids = ids_of(event);
    co_return out;
}

// Whether the event was handled, and the revision of a customer.
struct known {
    error_code error{};
    bool handled = false;
    std::int64_t revision = 0;
};
awaitable<known> look_up(std::string event, std::string customer, postgres::database& database) {
    const auto rows = co_await postgres::run_one(database, std::nullopt,
        sql::bind("payments.known", {{"provider", provider}, {"event", event}, {"customer", customer}}));
    if (!rows) co_return known{rows.error()};
    co_return known{{}, rows->boolean(0, 0), rows->integer(0, 1)};
}

// `revision`: of the customer whom the event names, who need not be the customer of its objects.
awaitable<current> read_again(const stripe::event& event, std::int64_t revision, const ports& ports) {
    for (auto customer = event.customer;;) {
        auto read = co_await read_objects(event, ports.stripe);
        read.revision = revision;
        if (read.error || read.customer == customer) co_return read;
        customer = read.customer;
        const auto found = co_await look_up({}, customer, ports.database);
        if (found.error) co_return current{found.error};
        revision = found.revision;
    }
}

// Events that cause a mail are read even when an earlier read covers them.
bool has_mail_of_its_own(std::string_view type) {
    return type == "invoice.payment_action_required" || type == "customer.subscription.trial_will_end";
}

effects apply(const events::webhook_received& webhook, const stripe::event& event, std::string_view outcome,
    const current& read) {
    effects out;
    out.statements.push_back(sql::bind("payments.apply",
        {{"provider", provider}, {"event", event.id}, {"type", event.type}, {"object", event.object},
            {"outcome", outcome}, {"received", webhook.received_at}, {"customer", read.customer}, {"user", read.user},
            {"revision", std::to_string(read.revision)}, {"objects", read.objects}}));
    return out;
}

effects finish(const events::payment_requested& event, const conclusion& ended, const current& now = {}) {
    effects out;
    out.statements.push_back(sql::bind("payments.finish",
        {{"id", event.request}, {"provider", provider}, {"state", ended.state}, {"result", ended.result},
            {"customer", ended.customer.empty() ? std::nullopt : std::optional(ended.customer)},
            {"next_plan", ended.next_plan}, {"revision", std::to_string(now.revision)}, {"objects", now.objects}}));
    out.after_from_rows = [request = event.request](const std::vector<postgres::rows>& rows) {
        after_commit after;
        if (const auto applied = json::document::parse(rows.front().text(0, 0))) tell(after, applied->root());
        after.announcements.push_back(end_wait(request));
        return after;
    };
    return out;
}

}  // namespace

awaitable<result<effects>> handle_webhook(
    events::webhook_received webhook, recent_reads::time received, const ports& ports) {
    const auto event = stripe::read_event(webhook.body);
    if (!event || webhook.provider != provider) co_return error_code(stripe::errc::rejected);
    if (!stripe::is_tested(event->version)) {
        log::error("payments.untested_version", {{"event_id", event->id}, {"version", event->version}});
        co_return error_code(stripe::errc::untested);
    }
    const auto known = co_await look_up(event->id, event->customer, ports.database);
    if (known.error) co_return known.error;
    if (known.handled) co_return effects{};
    if (event->live != ports.stripe.live()) {
        log::error("payments.other_mode", {{"event_id", event->id}, {"type", event->type}});
        co_return apply(webhook, *event, "other_mode", {});
    }
    if (!event->concerns_us()) co_return apply(webhook, *event, "unknown_type", {});
    if (!has_mail_of_its_own(event->type) &&
        ports.recent.cover(event->customer, known.revision, received, ids_of(*event)))
        co_return apply(webhook, *event, "covered", {});
    auto read = co_await read_again(*event, known.revision, ports);
    if (read.error && failure_of(read.error) == failure::missing) co_return apply(webhook, *event, "gone", {});
    if (read.error) co_return read.error;
    if (read.customer.empty()) co_return apply(webhook, *event, "unknown_customer", read);
    auto out = apply(webhook, *event, "applied", read);
    out.after_from_rows = [&recent = ports.recent, read = std::move(read)](const std::vector<postgres::rows>& rows) {
        after_commit after;
        const auto applied = json::document::parse(rows.front().text(0, 0));
        if (!applied) return after;
        if (const auto stored = applied->root()["revision"].integer())
            recent.add(read.customer, read.revision, *stored, read.begun, read.ids);
        tell(after, applied->root());
        return after;
    };
    co_return out;
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
    const auto known = co_await look_up({}, changed.customer, ports.database);
    if (known.error) co_return known.error;
    const auto now = co_await read_again(changed, known.revision, ports);
    if (now.error) co_return now.error;
    co_return finish(event, ended, now);
}

worker declare(const ports& ports) {
    struct handler {
        const payments::ports& ports;
        awaitable<result<effects>> operator()(events::webhook_received event, record record) const {
            return handle_webhook(std::move(event), record.message.received, ports);
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
    out.groups_effects = true;
    out.handle = [webhook = on_event<events::webhook_received>(handler{ports}),
                     request = on_event<events::payment_requested>(handler{ports})](record record) {
        return record.message.topic.starts_with(events::webhook_received::topic) ? webhook(record) : request(record);
    };
    // Another worker has changed the same customer: the objects are read again.
    out.retry.again_without_bound = true;
    out.retry.longest_pause = milliseconds{2'000};
    out.give_up = [](record record) {
        if (!record.message.topic.starts_with(events::payment_requested::topic)) return effects{};
        const auto event = events::decode<events::payment_requested>(record.message.value);
        if (!event) return effects{};
        return finish(*event, refused(503, "PAYMENTS_UNAVAILABLE", "the payment provider failed; ask again"));
    };
    return out;
}

}  // namespace airi::workers::payments
