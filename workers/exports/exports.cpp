#include "workers/exports/exports.hpp"

#include "events/email.hpp"
#include "events/notifications.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::workers::exports {
namespace {

constexpr std::string_view source = "/airi/workers/privacy";

// Its id is derived, so that a repeated end gives one notice.
events::outgoing notification(
    const events::export_requested& event, std::string kind, std::string type, instant at, const record& record) {
    events::notification_requested notice;
    notice.user = event.user;
    notice.kind = std::move(kind);
    notice.type = std::move(type);
    notice.metadata = {json::object().add("export_id", event.id.text()).text()};
    notice.requested_at = at;
    return events::envelope(notice, {event_id::of(event.id.value, notice.kind), source, at, record.traceparent()});
}

effects ready(const events::export_requested& event, json::value archive, const record& record) {
    const auto text = [&](std::string_view name) { return std::string(archive[name].string().value_or("")); };
    events::email_requested mail;
    mail.user = event.user;
    mail.to = text("email");
    mail.kind = "export_ready";
    mail.locale = text("locale");
    mail.link = event.link;
    mail.variables = {json::object().add("name", text("name")).text()};
    mail.expires_at = parse_instant(text("expires_at")).value_or(event.requested_at);
    const auto finished_at = parse_instant(text("finished_at")).value_or(event.requested_at);
    effects out;
    out.after.events.push_back(
        events::envelope(mail, {events::mail_of(event.id), source, finished_at, record.traceparent()}));
    out.after.events.push_back(notification(event, "export_ready", "success", finished_at, record));
    return out;
}

}  // namespace

awaitable<result<effects>> make_archive(events::export_requested event, record record, postgres::database& database) {
    for (;;) {
        const auto rows =
            co_await postgres::run_one(database, std::nullopt, sql::bind("exports.step", {{"id", event.id}}));
        if (!rows) co_return rows.error();
        const auto archive = json::document::parse(rows->empty() ? "{}" : rows->text(0, 0));
        if (!archive) co_return archive.error();
        const auto state = archive->root()["state"].string().value_or("gone");
        if (state == "running") continue;
        log::info("export.ended", {{"export_id", event.id.text()}, {"user_id", event.user.text()}, {"state", state}});
        co_return state == "ready" ? ready(event, archive->root(), record) : effects{};
    }
}

worker declare(postgres::database& database) {
    struct handler {
        postgres::database& database;
        awaitable<result<effects>> operator()(events::export_requested event, record record) const {
            return make_archive(std::move(event), record, database);
        }
    };
    worker out;
    out.name = "exports";
    out.group = "privacy";
    out.topic = std::string(events::export_requested::topic);
    out.max_in_flight = 4;
    out.handle = on_event<events::export_requested>(handler{database});
    out.give_up = [](record record) {
        effects last;
        const auto event = events::decode<events::export_requested>(record.message.value);
        if (!event) return last;
        last.statements.push_back(sql::bind("exports.fail", {{"id", event->id}}));
        last.after.events.push_back(notification(*event, "export_failed", "warning", event->requested_at, record));
        return last;
    };
    return out;
}

}  // namespace airi::workers::exports
