#include "gateway/messaging/generation_status.hpp"

#include "platform/base/json.hpp"
#include "platform/base/number.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {

awaitable<result<std::optional<generation_status>>> status_of(services& services, user_id caller, generation_id id) {
    postgres::transaction ask;
    ask.caller = caller;
    ask.statements.push_back(sql::bind("generations.status", {{"id", id}}));
    const auto rows = co_await services.database.run(std::move(ask));
    if (!rows) co_return rows.error();
    const auto& row = rows->front();
    if (row.empty()) co_return std::optional<generation_status>{};
    generation_status out;
    out.ids = {.conversation = conversation_id::parse(row.text(0, 0)).value_or(conversation_id{}),
        .generation = id,
        .message = message_id::parse(row.text(0, 7)).value_or(message_id{}),
        .reply = message_id::parse(row.text(0, 1)).value_or(message_id{})};
    out.state = row.text(0, 2);
    out.at = {number_of(row.text(0, 3)), number_of(row.text(0, 5))};
    out.checkpoint = row.text(0, 4);
    if (out.state != "queued" && out.state != "running") {
        const auto end = json::document::parse(row.text(0, 6));
        if (!end) co_return make_error_code(postgres::errc::broken);
        out.end = events::end_frame(
            out.state, end->root()["error_code"].string().value_or(""), end->root()["message"].text());
        if (out.state == "rejected") out.at = {1, 0};
    }
    co_return out;
}

std::optional<entry> frame_of(const generation_status& status, const events::generation_ids& ids) {
    const auto shared = [](std::string text) { return std::make_shared<const std::string>(std::move(text)); };
    if (status.end)
        return entry{
            status.at, status.end->type, shared(events::frame(status.end->type, ids, status.at, status.end->more))};
    if (status.checkpoint.empty()) return std::nullopt;
    return entry{status.at, events::frame_type::snapshot, shared(snapshot_frame(ids, status.at, status.checkpoint))};
}

awaitable<result<>> cancel_generation(services& services, user_id caller, generation_id id) {
    postgres::transaction ask;
    ask.caller = caller;
    ask.statements.push_back(sql::bind("generations.cancel", {{"id", id}}));
    const auto rows = co_await services.database.run(std::move(ask));
    if (!rows) co_return rows.error();
    // Another user's generation gives no row, and the workers check the caller too.
    if (rows->front().empty()) co_return result<>{};
    std::vector<std::string> words{"PUBLISH", std::string(events::cancel_channel), id.text()};
    co_await services.redis.command(std::move(words));
    co_return result<>{};
}

}  // namespace airi::gateway
