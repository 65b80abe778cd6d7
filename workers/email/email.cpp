#include "workers/email/email.hpp"

#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/email/compose.hpp"

namespace airi::workers::email {
namespace {

constexpr std::string_view group = "mail";

// A link without a token is not sealed.
result<std::string> open_link(const std::string& link, const event_id& id, const seal::key& key) {
    if (link.empty() || link.starts_with("http")) return link;
    return seal::open(key, link, events::place_of_link(id.text()));
}

// An address that is not sealed has an @, which no sealed one has.
result<std::string> open_recipient(const std::string& to, const event_id& id, const seal::key& key) {
    if (to.find('@') != to.npos) return to;
    return seal::open(key, to, events::place_of_recipient(id.text()));
}

}  // namespace

awaitable<result<effects>> deliver(events::email_requested event, record record, const ports& ports) {
    const auto id = record.id();
    // The message has the event's date, so that a second attempt sends the same message.
    const auto date = parse_instant(record.message.header_value("ce_time")).value_or(record.message.appended);
    auto link = open_link(event.link, id, ports.links);
    if (!link) {
        log::error("mail.link_unreadable", {{"event_id", id.text()}, {"mail", event.kind}});
        co_return link.error();
    }
    event.link = std::move(*link);
    auto to = open_recipient(event.to, id, ports.links);
    if (!to) {
        log::error("mail.recipient_unreadable", {{"event_id", id.text()}, {"mail", event.kind}});
        co_return to.error();
    }
    event.to = std::move(*to);
    auto message = compose(event, id, date, ports.sender);
    if (!message) co_return message.error();
    if (event.expires_at <= now()) {
        log::info("mail.expired", {{"event_id", id.text()}, {"mail", event.kind}});
        co_return effects{};
    }
    const auto known = co_await postgres::run_one(
        ports.database, std::nullopt, sql::bind("inbox.has", {{"consumer", group}, {"event", id}, {"at", date}}));
    if (!known) co_return known.error();
    if (!known->empty() && known->boolean(0, 0)) co_return effects{};
    const auto sent = co_await ports.pool.send(std::move(*message));
    if (!sent) co_return sent.error();
    log::info("mail.sent", {{"event_id", id.text()}, {"mail", event.kind}});
    effects out;
    out.statements.push_back(sql::bind(
        "usage.add_mail", {{"consumer", group}, {"event", id}, {"at", date}, {"traceparent", record.traceparent()}}));
    co_return out;
}

worker declare(const ports& ports) {
    struct handler {
        const email::ports& ports;
        awaitable<result<effects>> operator()(events::email_requested event, record record) const {
            return deliver(std::move(event), record, ports);
        }
    };
    worker out;
    out.name = "email";
    out.group = group;
    out.topic = std::string(events::email_requested::topic);
    // A server that defers a message (greylisting) accepts it some minutes later: twelve attempts take a quarter of an
    // hour.
    out.retry = {.attempts = 12,
        .first_pause = seconds{1},
        .longest_pause = seconds{300},
        .outage_pause = seconds{10},
        .keep_order = false};
    out.max_in_flight = 64;
    out.handle = on_event<events::email_requested>(handler{ports});
    return out;
}

}  // namespace airi::workers::email
