#include "gateway/messaging/generation_status.hpp"

#include "platform/base/json.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {

awaitable<result<std::optional<generation_status>>> status_of(services& services, user_id caller, generation_id id) {
    const auto rows =
        co_await postgres::run_one(services.database, caller, sql::bind("generations.status", {{"id", id}}));
    if (!rows) co_return rows.error();
    if (rows->empty()) co_return std::optional<generation_status>{};
    const auto [conversation, reply, state, epoch, checkpoint, offset, last, message] = rows->read<conversation_id,
        message_id, std::string, std::int64_t, std::string, std::int64_t, std::string_view, message_id>(0);
    generation_status out{.ids = {.conversation = conversation, .generation = id, .message = message, .reply = reply},
        .state = state,
        .at = {epoch, offset},
        .checkpoint = checkpoint,
        .end = std::nullopt};
    if (out.state != "queued" && out.state != "running" && !out.held()) {
        const auto end = json::document::parse(last);
        if (!end) co_return make_error_code(postgres::errc::broken);
        out.end = events::end_frame(
            out.state, end->root()["error_code"].string().value_or(""), end->root()["message"].text());
        if (out.state == "rejected" && epoch == 0) out.at = {1, 0};  // before it reached a model
    }
    co_return out;
}

std::optional<entry> frame_of(const generation_status& status, const events::generation_ids& ids) {
    const auto shared = [](std::string text) { return std::make_shared<const std::string>(std::move(text)); };
    if (status.end)
        return entry{
            status.at, status.end->type, shared(events::frame(status.end->type, ids, status.at, status.end->more))};
    if (status.held())
        return entry{events::held_place, events::frame_type::held,
            shared(events::frame(events::frame_type::held, ids, events::held_place, events::held_member("")))};
    if (status.checkpoint.empty()) return std::nullopt;
    return entry{status.at, events::frame_type::snapshot, shared(snapshot_frame(ids, status.at, status.checkpoint))};
}

awaitable<> publish_cancellation(services& services, generation_id id) {
    std::vector<std::string> words{"PUBLISH", std::string(events::cancel_channel), id.text()};
    co_await services.redis.command(std::move(words));
}

awaitable<result<>> cancel_generation(services& services, user_id caller, generation_id id) {
    const auto rows =
        co_await postgres::run_one(services.database, caller, sql::bind("generations.cancel", {{"id", id}}));
    if (!rows) co_return rows.error();
    // Another user's generation gives no row, and the workers check the caller too.
    if (rows->empty()) co_return result<>{};
    co_await publish_cancellation(services, id);
    co_return result<>{};
}

}  // namespace airi::gateway
