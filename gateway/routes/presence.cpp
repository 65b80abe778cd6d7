// Whether the caller is online, and with how many devices.
#include "gateway/realtime/presence.hpp"
#include "gateway/routes/tables.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// Redis may be away, or have lost the last presence; then the sessions' last use counts.
awaitable<route_result> own(exchange& exchange) {
    auto is = co_await presence_of(exchange.services.redis, exchange.caller->id);
    auto seen = is ? is->last_seen : std::nullopt;
    if (!seen) {
        const auto rows = co_await postgres::run_one(
            exchange.services.database, exchange.caller->id, sql::bind("sessions.last_used", {}));
        if (!rows) co_return problem_of(rows.error());
        if (!rows->empty() && !rows->is_null(0, 0)) seen = parse_instant(rows->text(0, 0));
    }
    json::object out;
    out.add("user_id", exchange.caller->id.text())
        .add("state", !is          ? "unknown"
                      : is->online ? "online"
                                   : "offline")
        .add("devices", is ? std::optional(is->devices) : std::nullopt)
        .add("last_seen", seen ? std::optional(to_text(*seen)) : std::nullopt);
    co_return success(200, out.text());
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/users/presence",
        .name = "presence.own",
        .handler = own,
        .response = "Presence",
        .summary = "Get the caller's presence: state, open sockets and time last seen"},
};

}  // namespace

extern const std::span<const route> presence{rows};

}  // namespace airi::gateway::routes
