#include "workers/crisis/crisis.hpp"

#include <algorithm>

#include "events/notifications.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::workers::crisis {
namespace {

constexpr std::string_view source = "/airi/workers/crisis";

bool is_for_contacts(const events::crisis_detected& event) {
    return event.severity == "high" || event.severity == "critical";
}

}  // namespace

events::outgoing tell_user(
    const events::crisis_detected& event, const planned_notice& notice, std::string_view traceparent) {
    events::notification_requested out;
    out.user = event.user;
    out.kind = "crisis_contacts_pending";
    out.type = "crisis";
    const auto minutes = std::max<std::int64_t>(1, (notice.seconds + 59) / 60);
    out.variables = {json::object().add("contacts", notice.contacts).add("minutes", minutes).text()};
    out.metadata = {json::object()
            .add("notice_id", notice.id.text())
            .add("alert_id", event.alert.text())
            .add("send_at", notice.send_at)
            .text()};
    out.requested_at = event.detected_at;
    return events::envelope(out, {event_id::of(notice.id.value, "told"), source, event.detected_at, traceparent});
}

effects plan(const events::crisis_detected& event, const record& record) {
    effects out;
    if (!is_for_contacts(event)) return out;
    const auto id = event_id::of(event.alert.value, "notice");
    out.statements.push_back(
        sql::bind("trusted_contacts.plan_notice", {{"id", id}, {"alert", event.alert}, {"user", event.user},
                                                      {"severity", event.severity}, {"detected", event.detected_at}}));
    out.after_from_rows = [event, id, traceparent = std::string(record.traceparent())](
                              const std::vector<postgres::rows>& rows) {
        after_commit after;
        if (rows.front().empty()) return after;
        auto [send_at, contacts, seconds] = rows.front().read<std::string, std::string, std::int64_t>(0);
        log::info("crisis.notice_planned", {{"notice_id", id.text()}, {"send_at", send_at}});
        after.events.push_back(tell_user(event, {id, send_at, contacts, seconds}, traceparent));
        return after;
    };
    return out;
}

worker declare() {
    struct handler {
        awaitable<result<effects>> operator()(events::crisis_detected event, record record) const {
            co_return plan(event, record);
        }
    };
    worker out;
    out.name = "crisis";
    out.group = "crisis";
    out.topic = std::string(events::crisis_detected::topic);
    out.patient = true;
    out.handle = on_event<events::crisis_detected>(handler{});
    return out;
}

}  // namespace airi::workers::crisis
