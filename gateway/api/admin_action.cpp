#include "gateway/api/admin_action.hpp"

#include "gateway/auth/session_revocation.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {

// Cached responses and sessions are forgotten, sockets closed.
awaitable<route_result> act_as_admin(exchange& exchange, std::string_view action, std::string body) {
    const auto user = user_id::parse(exchange.path.front());
    if (!user) co_return not_found("user");
    const auto& caller = exchange.caller->id;
    const auto rows = co_await postgres::run_one(exchange.services.database, caller,
        sql::bind("admin.act", {{"id", *user}, {"action", action}, {"body", std::move(body)}}));
    if (!rows)
        co_return failure_of(rows.error()) == failure::refused ? bad_request("a value is malformed")
                                                               : problem_of(rows.error());
    if (rows->empty()) co_return not_found("user");
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    co_await exchange.services.responses.invalidate(*user);
    co_await publish_account_change(exchange.services, *user);
    co_await publish_session_ends(exchange.services, std::string(rows->text(0, 1)));
    log::info("admin.acted", {{"action", action}, {"user_id", user->text()}, {"actor", caller.text()}});
    co_return success(200, rows->text(0, 0));
}

}  // namespace airi::gateway
