// Deleting the caller's account, and restoring it before it is erased.
#include "gateway/api/admin_action.hpp"
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/second_factor.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// A stolen session is not enough: the password, a code of the second factor or, for accounts that have neither, a
// session that was opened just now.
awaitable<std::optional<problem>> check_proof(exchange& exchange) {
    const auto password = exchange.optional_text("password"), code = exchange.optional_text("code");
    const auto& caller = *exchange.caller;
    const auto rows = co_await postgres::run_one(
        exchange.services.database, caller.id, sql::bind("account_deletion.proof", {{"session", caller.session}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("account");
    const auto [hash, session_is_enough] = rows->read<std::optional<std::string>, bool>(0);
    if (password) {
        const auto right = co_await exchange.services.hashing.verify(secret(*password), hash.value_or(""));
        if (!right) co_return problem_of(right.error());
        if (!*right) co_return problem{403, "WRONG_PASSWORD", "the password is wrong"};
    } else if (code) {
        co_return co_await check_second_factor(exchange.services, caller.id, *code, 403);
    } else if (hash || !session_is_enough) {
        co_return problem{403, "PROOF_NEEDED",
            "password is required; accounts without a password need code, or a login within the last 15 minutes"};
    }
    co_return std::nullopt;
}

awaitable<route_result> request_deletion(exchange& exchange) {
    auto& services = exchange.services;
    const auto user = exchange.caller->id;
    if (auto refused = co_await check_proof(exchange)) co_return std::move(*refused);
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
    if (user && *user == caller.id) co_return co_await request_deletion(exchange);
    if (!user || caller.role == "user") co_return not_found("user");
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
