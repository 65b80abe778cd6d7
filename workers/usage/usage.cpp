#include "workers/usage/usage.hpp"

#include "events/frames/codec.hpp"
#include "events/frames/frame.hpp"
#include "events/frames/usage.hpp"
#include "events/usage.hpp"
#include "platform/base/json.hpp"
#include "sql/statements.hpp"

namespace airi::workers::usage {
namespace {

json::object row(const events::usage_recorded& event, const event_id& id) {
    json::object out;
    out.add("event_id", id.text())
        .add("user_id", event.user.text())
        .add("resource", event.resource)
        .add("quantity", event.quantity)
        .add("provider", event.provider)
        .add("model", event.model)
        .add("tokens_in", event.tokens_in)
        .add("tokens_out", event.tokens_out)
        .add("cost_nanousd", event.cost_nanousd)
        .add("outcome", event.outcome)
        .add("reference", event.reference.text())
        .add("occurred_at", to_text(event.occurred_at));
    return out;
}

// usage_updated to the users' sockets, from today's sums.
after_commit meters(const std::vector<postgres::rows>& rows) {
    after_commit out;
    const auto sums = json::document::parse(rows.empty() || rows[0].empty() ? "[]" : rows[0].text(0, 0));
    if (!sums) return out;
    sums->root().each([&](json::value sum) {
        const auto user = user_id::parse(sum["user_id"].string().value_or(""));
        if (!user) return;
        const events::frames::usage_updated frame{*user, std::string(sum["resource"].string().value_or("")),
            sum["used"].integer().value_or(0), sum["limit"].integer()};
        out.announcements.push_back({events::channel_of(*user), events::encode_frame(frame)});
    });
    return out;
}

}  // namespace

result<effects> count(std::span<const kafka::message> batch) {
    json::array rows;
    for (const auto& message : batch) {
        const auto event = events::decode<events::usage_recorded>(message.value);
        if (!event) return event.error();
        auto one = row(*event, record{message}.id());
        rows.add(one);
    }
    effects out;
    out.statements.push_back(sql::bind("usage.record", {{"events", rows.text()}}));
    out.after_from_rows = meters;
    return out;
}

worker declare() {
    worker out;
    out.name = "usage";
    out.group = "usage";
    out.topic = std::string(events::usage_recorded::topic);
    // Documented: five attempts with a fixed pause.
    out.retry = {.attempts = 5, .first_pause = seconds{1}, .longest_pause = seconds{1}, .keep_order = false};
    out.max_in_flight = 500;
    out.high_mark = 2'000;
    out.handle_batch = count;
    return out;
}

}  // namespace airi::workers::usage
