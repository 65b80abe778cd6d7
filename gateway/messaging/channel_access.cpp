#include "gateway/messaging/channel_access.hpp"

#include "events/frames/frame.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

std::optional<conversation_id> conversation_of(std::string_view channel) {
    constexpr std::string_view prefix = "conversation:";
    if (!channel.starts_with(prefix)) return std::nullopt;
    return conversation_id::parse(channel.substr(prefix.size()));
}

}  // namespace

awaitable<std::optional<problem>> check_channel(
    services& services, std::shared_ptr<const account> caller, std::string channel) {
    if (channel == events::channel_of(caller->id)) co_return std::nullopt;
    const auto role = caller->acting_role();
    const bool is_admin = role == "admin" || role == "super";
    if (is_admin && (channel == "admin" || channel == "crisis")) co_return std::nullopt;
    if (role == "crisis" && channel == "crisis") co_return std::nullopt;
    const auto conversation = conversation_of(channel);
    if (!conversation) co_return not_found("channel");
    const auto rows = co_await postgres::run_one(
        services.database, caller->id, sql::bind("conversations.owned", {{"id", *conversation}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("channel");
    co_return std::nullopt;
}

}  // namespace airi::gateway
