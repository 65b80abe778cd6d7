#include "gateway/api/user_decision.hpp"

#include "gateway/auth/session_revocation.hpp"
#include "gateway/services/outbox.hpp"
#include "gateway/services/response_cache.hpp"

namespace airi::gateway {

awaitable<route_result> decide_about_user(exchange& exchange, postgres::bound statement, const char* what) {
    auto& services = exchange.services;
    const auto rows = co_await postgres::run_one(services.database, exchange.caller->id, std::move(statement));
    if (!rows) co_return problem_of(rows.error());
    if (rows->is_null(0, 0)) co_return not_found(what);
    const auto row = rows->text(0, 0);
    if (auto refused = refusal_of(row)) co_return std::move(*refused);
    const auto decided = json::document::parse(row);
    if (!decided) co_return problem_of(decided.error());
    if (const auto user = user_id::parse(decided->root()["user"]["id"].string().value_or(""))) {
        co_await services.responses.invalidate(*user);
        co_await publish_account_change(services, *user);
    }
    wake_relay(services);
    co_return success(200, row);
}

}  // namespace airi::gateway
