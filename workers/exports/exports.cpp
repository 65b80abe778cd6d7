#include "workers/exports/exports.hpp"

#include "events/email.hpp"
#include "events/frames.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/runtime/consumer_groups.hpp"

namespace airi::workers::exports {
namespace {

constexpr std::string_view source = "/airi/workers/privacy";

postgres::transaction next_step(const export_id& id) {
    postgres::transaction out;
    out.statements.push_back(sql::bind("exports.step", {{"id", id}}));
    return out;
}

announcement told(const events::export_requested& in, std::string_view kind) {
    const auto data =
        json::object().add("user_id", in.user.text()).add("kind", kind).add("export_id", in.id.text()).text();
    return {events::channel_of(in.user), json::object().add("type", "notification_new").add_raw("data", data).text()};
}

effects tell_ready(const events::export_requested& in, json::value made, const record& from) {
    const auto text = [&](std::string_view name) { return std::string(made[name].string().value_or("")); };
    events::email_requested mail;
    mail.user = in.user;
    mail.to = text("email");
    mail.kind = "export_ready";
    mail.locale = text("locale");
    mail.link = in.link;
    mail.variables = {json::object().add("name", text("name")).text()};
    mail.expires_at = parse_instant(text("expires_at")).value_or(in.requested_at);
    const auto at = parse_instant(text("finished_at")).value_or(in.requested_at);
    effects out;
    out.after.events.push_back(
        events::envelope(mail, {event_id::of(in.id.value, "mail"), source, at, from.traceparent()}));
    out.after.announcements.push_back(told(in, "export_ready"));
    return out;
}

}  // namespace

awaitable<result<effects>> make_archive(events::export_requested in, record from, postgres::database& database) {
    for (;;) {
        const auto rows = co_await database.run(next_step(in.id));
        if (!rows) co_return rows.error();
        const auto told = json::document::parse(rows->front().empty() ? "{}" : rows->front().text(0, 0));
        if (!told) co_return told.error();
        const auto state = told->root()["state"].string().value_or("gone");
        if (state == "running") continue;
        log::info("export.ended", {{"export_id", in.id.text()}, {"user_id", in.user.text()}, {"state", state}});
        co_return state == "ready" ? tell_ready(in, told->root(), from) : effects{};
    }
}

worker declare(postgres::database& database) {
    struct handler {
        postgres::database& with;
        awaitable<result<effects>> operator()(events::export_requested in, record from) const {
            return make_archive(std::move(in), from, with);
        }
    };
    worker out;
    out.name = "exports";
    out.group = consumer_groups::exports;
    out.topic = std::string(events::export_requested::topic);
    out.max_in_flight = 4;
    out.handle = on_event<events::export_requested>(handler{database});
    out.give_up = [](record from) {
        effects last;
        const auto in = events::decode<events::export_requested>(from.from.value);
        if (!in) return last;
        last.statements.push_back(sql::bind("exports.fail", {{"id", in->id}}));
        last.after.announcements.push_back(told(*in, "export_failed"));
        return last;
    };
    return out;
}

}  // namespace airi::workers::exports
