#include "workers/email/email.hpp"

#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/email/compose.hpp"
#include "workers/runtime/consumer_groups.hpp"

namespace airi::workers::email {
namespace {

constexpr std::string_view consumer = consumer_groups::email;

postgres::transaction ask_inbox(event_id id) {
    postgres::transaction out;
    out.statements.push_back(sql::bind("inbox.has", {{"consumer", consumer}, {"event", id}}));
    return out;
}

}  // namespace

awaitable<result<effects>> deliver(events::email_requested in, record from, const ports& use) {
    const auto id = from.id();
    const auto event = id.text();
    // The letter's date is the event's: a second try is the same letter.
    const auto date = parse_instant(from.from.header_value("ce_time")).value_or(from.from.appended);
    auto letter = compose(in, id, date, use.from);
    if (!letter) co_return letter.error();
    if (in.expires_at <= now()) {
        log::info("mail.expired", {{"event_id", event}, {"mail", in.kind}});
        co_return effects{};
    }
    const auto known = co_await use.database.run(ask_inbox(id));
    if (!known) co_return known.error();
    if (!known->front().empty() && known->front().text(0, 0) == "t") co_return effects{};
    const auto sent = co_await use.out.send(std::move(*letter));
    if (!sent) co_return sent.error();
    log::info("mail.sent", {{"event_id", event}, {"mail", in.kind}});
    effects out;
    out.statements.push_back(sql::bind("inbox.add", {{"consumer", consumer}, {"event", id}}));
    co_return out;
}

worker declare(const ports& use) {
    struct handler {
        const ports& with;
        awaitable<result<effects>> operator()(events::email_requested in, record from) const {
            return deliver(std::move(in), from, with);
        }
    };
    worker out;
    out.name = "email";
    out.group = consumer_groups::email;
    out.topic = std::string(events::email_requested::topic);
    // A server that defers a mail (greylisting) wants it some minutes later: twelve attempts take a quarter of an hour.
    out.retry = {.attempts = 12,
        .first_pause = seconds{1},
        .longest_pause = seconds{300},
        .outage_pause = seconds{10},
        .keep_order = false};
    out.max_in_flight = 64;
    out.handle = on_event<events::email_requested>(handler{use});
    return out;
}

}  // namespace airi::workers::email
