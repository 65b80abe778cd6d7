#include "gateway/auth/password_login.hpp"

#include "gateway/auth/auth_problems.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/issue_tokens.hpp"
#include "gateway/auth/passwords.hpp"
#include "gateway/auth/second_factor.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

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

// The second factor, when the account has one.
awaitable<std::optional<problem>> check_code(services& services, const request& request,
    const password_account& account, const std::optional<std::string>& code) {
    if (!account.has_two_factor) co_return std::nullopt;
    if (!code) co_return two_factor_required();
    co_return co_await check_second_factor(services, request, *account.id, *code);
}

// The refusals that are possible although the password is right.
awaitable<std::optional<problem>> check_account(services& services, const request& request,
    const password_account& account, const credentials& given, bool restores) {
    const bool deleted = account.status == "deleted";
    if (deleted && !restores) co_return co_await account_deleted(services, *account.id);
    if (!deleted && account.status != "active")
        if (auto refused = co_await check_account_status(services, *account.id)) co_return refused;
    co_return co_await check_code(services, request, account, given.code);
}

}  // namespace

awaitable<route_result> log_in(services& services, const request& request, credentials given, bool restores) {
    auto checked = co_await check_password(services, request, {{}, given.email}, given.password);
    if (auto* refused = std::get_if<problem>(&checked)) co_return std::move(*refused);
    auto& account = std::get<password_account>(checked);
    if (auto refused = co_await check_account(services, request, account, given, restores)) {
        co_await end_attempt(services, request, account, refused->code == "WRONG_CODE" ? "wrong_code" : "open");
        co_return std::move(*refused);
    }
    co_await renew_hash(services, account, given.password);
    if (account.status == "deleted")
        if (auto refused = co_await restore_account(services, *account.id)) co_return std::move(*refused);
    co_await end_attempt(services, request, account, "success");
    signed_in_user signed_in{*account.id, std::move(account.email), std::move(account.role)};
    signed_in.second_factor = account.has_two_factor;
    signed_in.verified_hash = std::move(account.password_hash);
    co_return co_await open_session(services, request, std::move(signed_in), 200);
}

}  // namespace airi::gateway
