#include "gateway/auth/password_login.hpp"

#include "gateway/auth/auth_problems.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/issue_tokens.hpp"
#include "gateway/auth/login_attempts.hpp"
#include "gateway/auth/second_factor.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

struct found_user {
    std::optional<user_id> id;
    std::string password_hash, status, role, email;
    bool has_two_factor = false;
    std::int64_t locked_for = 0;  ///< seconds
};

awaitable<result<found_user>> find_user(services& services, const std::string& email) {
    const auto rows =
        co_await postgres::run_one(services.database, std::nullopt, sql::bind("auth.find_user", {{"email", email}}));
    if (!rows) co_return rows.error();
    co_return std::make_from_tuple<found_user>(
        rows->read<std::optional<user_id>, std::string, std::string, std::string, std::string, bool, std::int64_t>(0));
}

awaitable<std::optional<problem>> check_code(
    services& services, const request& request, user_id user, const credentials& given) {
    if (!given.code) co_return two_factor_required();
    auto refused = co_await check_second_factor(services, user, *given.code);
    if (refused && refused->status == 401)
        co_await record_login_attempt(services, request, given.email, user, "wrong_code");
    co_return refused;
}

// Says until when the account can be restored. Only for callers who have shown its password.
awaitable<problem> account_deleted(services& services, user_id user) {
    const auto rows = co_await postgres::run_one(
        services.database, std::nullopt, sql::bind("account_deletion.erase_at", {{"user", user}}));
    if (!rows) co_return problem_of(rows.error());
    const auto erase_at = rows->empty() ? std::nullopt : rows->optional_text(0, 0);
    co_return problem{
        403, "ACCOUNT_DELETED", "this account is deleted", json::object().add("erase_at", erase_at).text()};
}

awaitable<std::optional<problem>> restore_account(services& services, user_id user) {
    const auto rows = co_await postgres::run_one(
        services.database, std::nullopt, sql::bind("account_deletion.restore", {{"user", user}}));
    if (!rows) co_return problem_of(rows.error());
    if (!rows->boolean(0, 0)) co_return problem{403, "ACCOUNT_DELETED", "this account can no longer be restored"};
    log::info("account.restored", {{"user_id", user.text()}});
    co_return std::nullopt;
}

// The hash's parameters have changed since it was made. Best effort.
awaitable<> rehash(services& services, user_id user, const secret& password) {
    const auto hash = co_await services.hashing.hash(password);
    if (!hash) co_return;
    co_await postgres::run_one(services.database, user, sql::bind("auth.set_password", {{"password_hash", *hash}}));
}

// Checks lock and password; unknown addresses take as long as known ones.
awaitable<std::optional<problem>> check_password(
    services& services, const request& request, const credentials& given, const found_user& user) {
    if (user.locked_for != 0) {
        co_await record_login_attempt(services, request, given.email, user.id, "locked");
        problem locked{429, "ACCOUNT_LOCKED", "too many failed login attempts, try again later"};
        locked.retry_after = user.locked_for;
        co_return locked;
    }
    const auto right = co_await services.hashing.verify(given.password, user.password_hash);
    if (!right) co_return problem_of(right.error());
    if (*right && user.id) co_return std::nullopt;
    co_await record_login_attempt(services, request, given.email, user.id, "wrong_password");
    co_return problem{401, "WRONG_CREDENTIALS", "email or password is wrong"};
}

}  // namespace

awaitable<route_result> log_in(services& services, const request& request, credentials given, bool restores) {
    auto found = co_await find_user(services, given.email);
    if (!found) co_return problem_of(found.error());
    auto& user = *found;
    if (auto refused = co_await check_password(services, request, given, user)) co_return std::move(*refused);
    const bool deleted = user.status == "deleted";
    if (deleted && !restores) co_return co_await account_deleted(services, *user.id);
    if (!deleted && user.status != "active")
        if (auto refused = co_await check_account_status(services, *user.id)) co_return std::move(*refused);
    if (user.has_two_factor)
        if (auto refused = co_await check_code(services, request, *user.id, given)) co_return std::move(*refused);
    if (passwords::needs_rehash(user.password_hash)) co_await rehash(services, *user.id, given.password);
    if (deleted)
        if (auto refused = co_await restore_account(services, *user.id)) co_return std::move(*refused);
    co_await record_login_attempt(services, request, given.email, user.id, "success");
    co_return co_await open_session(services, request, {*user.id, std::move(user.email), std::move(user.role)}, 200);
}

}  // namespace airi::gateway
