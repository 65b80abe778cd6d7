#include "workers/violations/violations.hpp"

#include "events/email.hpp"
#include "events/frames/frame.hpp"
#include "events/notifications.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::workers::violations {
namespace {

constexpr std::string_view source = "/airi/workers/violations";
constexpr std::chrono::hours mail_lifetime{24 * 7};

events::origin origin_of(const events::violation_recorded& event, const event_id& id, std::string_view traceparent) {
    return {id, source, event.recorded_at, traceparent};
}

events::outgoing warning(const events::violation_recorded& event, std::string_view traceparent) {
    events::notification_requested notice;
    notice.user = event.user;
    notice.kind = "violation_warning";
    notice.type = "warning";
    notice.metadata = {json::object().add("violation_id", event.id.text()).text()};
    notice.requested_at = event.recorded_at;
    return events::envelope(notice, origin_of(event, event_id::of(event.id.value, "warning"), traceparent));
}

events::outgoing mail(
    const events::violation_recorded& event, const recipient& to, const ports& ports, std::string_view traceparent) {
    const auto id = event_id::of(event.id.value, "mail");
    events::email_requested out;
    out.user = event.user;
    out.to = to.email;
    out.kind = event.action == "ban" ? "account_banned" : "account_suspended";
    out.locale = to.locale;
    const auto link = ports.page + "#" + token_of(event.id, ports.appeals);
    out.link = seal::seal(ports.links, link, events::place_of_link(id.text()));
    json::object variables;
    variables.add("name", to.name);
    if (!event.until.empty()) variables.add("until", event.until);
    out.variables = {variables.text()};
    out.expires_at = event.recorded_at + mail_lifetime;
    return events::envelope(out, origin_of(event, id, traceparent));
}

awaitable<result<effects>> handle(events::violation_recorded event, record record, const ports& ports) {
    const auto rows = co_await postgres::run_one(ports.database, std::nullopt,
        sql::bind("violations.recipient",
            {{"id", event.id}, {"hash", digest::sha256_hex(token_of(event.id, ports.appeals))}}));
    if (!rows) co_return rows.error();
    effects out;
    if (rows->empty()) co_return out;
    auto [email, locale, name, ended] = rows->read<std::string, std::string, std::string, std::string>(0);
    recipient to{std::move(email), std::move(locale), std::move(name), {}};
    const auto ids = json::document::parse(ended);
    if (!ids) co_return ids.error();
    ids->root().each([&](json::value each) { to.ended.emplace_back(each.string().value_or("")); });
    log::info("violation.recorded",
        {{"violation_id", event.id.text()}, {"user_id", event.user.text()}, {"action", event.action}});
    out.after = inform(event, to, ports, record.traceparent());
    co_return out;
}

}  // namespace

std::string token_of(const violation_id& id, const seal::key& appeals) {
    return digest::sha256_hex(seal::fingerprint(appeals, id.text()));
}

after_commit inform(
    const events::violation_recorded& event, const recipient& to, const ports& ports, std::string_view traceparent) {
    after_commit out;
    out.changed_users = {event.user};
    if (event.action == "warning") {
        out.events.push_back(warning(event, traceparent));
        return out;
    }
    out.announcements.push_back({std::string(events::account_channel), event.user.text()});
    for (const auto& id : to.ended) out.announcements.push_back({std::string(events::session_channel), id});
    out.events.push_back(mail(event, to, ports, traceparent));
    return out;
}

worker declare(const ports& ports) {
    struct handler {
        const violations::ports& ports;
        awaitable<result<effects>> operator()(events::violation_recorded event, record record) const {
            return handle(std::move(event), record, ports);
        }
    };
    worker out;
    out.name = "violations";
    out.group = "violations";
    out.topic = std::string(events::violation_recorded::topic);
    out.handle = on_event<events::violation_recorded>(handler{ports});
    return out;
}

}  // namespace airi::workers::violations
