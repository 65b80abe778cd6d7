// Deleting the caller's account, and restoring it before it is erased.
#include "gateway/api/admin_action.hpp"
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> request_deletion(exchange& exchange) {
    auto& services = exchange.services;
    const auto user = exchange.caller->id;
    const auto rows = co_await postgres::run_one(services.database, user,
        bind_link(services, "account_deletion.request", {}, "account_deletion", exchange.request.trace()));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("account");
    wake_relay(services);
    const auto [erase_at, sessions] = rows->read<std::string, std::string>(0);
    co_await publish_session_ends(services, sessions);
    log::info("account.closed", {{"user_id", user.text()}});
    co_return success(200, json::object().add("erase_at", erase_at).text());
}

// The caller's own account, or for an administrator another one.
awaitable<route_result> delete_user(exchange& exchange) {
    const auto user = user_id::parse(exchange.path.front());
    const auto& caller = *exchange.caller;
    if (!user) co_return not_found("user");
    if (*user == caller.id) co_return co_await request_deletion(exchange);
    auto deleted = co_await act_as_admin(exchange, "delete", "{}");
    if (std::holds_alternative<problem>(deleted)) co_return deleted;
    const auto rows = co_await postgres::run_one(
        exchange.services.database, caller.id, sql::bind("account_deletion.erase_at", {{"user", *user}}));
    if (!rows) co_return problem_of(rows.error());
    co_return success(200, json::object().add("erase_at", rows->text(0, 0)).text());
}

constexpr std::array rows{
    route{.method = verb::del,
        .path = "/users/me",
        .name = "account_deletion.request",
        .access = access::session,
        .fresh = true,
        .proves = true,
        .rate_group = "auth",
        .handler = request_deletion,
        .body_limit = small_body,
        .body = "AccountClose",
        .response = "AccountClosed",
        .summary = "Close the account: all sessions end and the account is erased after a grace period",
        .allows_pending = true},
    route{.method = verb::del,
        .path = "/users/{id}",
        .name = "account_deletion.of_user",
        .access = access::session,
        .of_any_user = true,
        .fresh = true,
        .proves = true,
        .rate_group = "auth",
        .handler = delete_user,
        .body_limit = small_body,
        .body = "AccountClose",
        .response = "AccountClosed",
        .summary = "Close the caller's account, or for administrators any user's"},
    route{.method = verb::post,
        .path = "/auth/restore/link",
        .name = "account_deletion.restore_by_link",
        .access = access::anyone,
        .rate_group = "auth",
        .body_limit = small_body,
        .body = "TokenOnly",
        .response = "AccountRestored",
        .summary = "Restore a closed account with the token from the closure email"},
};

}  // namespace

extern const std::span<const route> account_deletion{rows};

}  // namespace airi::gateway::routes
