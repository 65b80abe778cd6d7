#include "gateway/auth/passwords.hpp"

#include "gateway/auth/auth_problems.hpp"
#include "gateway/auth/cookies.hpp"
#include "platform/base/json.hpp"
#include "platform/text/opaque_string.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

secret stored_form(const secret& given) { return secret(text::opaque_string(given.reveal()).value_or(given.reveal())); }

// A hash may be older than the rule that passwords are normalised.
awaitable<result<bool>> verify(services& services, const secret& given, const std::string& hash) {
    const auto stored = stored_form(given);
    auto right = co_await services.hashing.verify(stored, hash);
    if (right && !*right && stored.reveal() != given.reveal()) right = co_await services.hashing.verify(given, hash);
    co_return right;
}

awaitable<> end(services& services, const request& request, const std::optional<user_id>& user,
    const std::string& email, const std::string& origin, std::string_view outcome) {
    co_await postgres::run_one(services.database, std::nullopt,
        sql::bind("auth.end_attempt", {{"user", user}, {"email", email}, {"origin", origin}, {"outcome", outcome},
                                          {"address", request.address}, {"user_agent", request.header("user-agent")}}));
}

}  // namespace

awaitable<std::variant<std::string, problem>> hash_new_password(
    services& services, const secret& given, const password_owner& owner, std::string_view pointer) {
    const auto rows = services.catalogue.rows();
    const auto accepted = accept_password(given, owner, rows->text("product_name"), pointer);
    if (const auto* refused = std::get_if<problem>(&accepted)) co_return *refused;
    auto hash = co_await services.hashing.hash(std::get<secret>(accepted));
    if (!hash) co_return problem_of(hash.error());
    co_return std::move(*hash);
}

awaitable<std::variant<password_account, problem>> check_password(
    services& services, const request& request, password_subject subject, const secret& given) {
    // The address of others is counted by their routes.
    decision used;
    if (subject.caller)
        if (auto limited = co_await take_address_rate(services, "auth", request.address, used))
            co_return std::move(*limited);
    const auto rows = co_await postgres::run_one(services.database, std::nullopt,
        sql::bind("auth.attempt",
            {{"user", subject.caller}, {"email", subject.email}, {"device", device_of(services.options, request)},
                {"address", request.address}, {"user_agent", request.header("user-agent")}}));
    if (!rows) co_return problem_of(rows.error());
    auto [id, hash, status, role, email, has_two_factor, origin, locked] = rows->read<std::optional<user_id>,
        std::string, std::string, std::string, std::string, bool, std::string, std::int64_t>(0);
    password_account account{id, hash, status, role, email, has_two_factor, origin};
    if (locked != 0) {
        problem refused{429, "ACCOUNT_LOCKED", "too many failed attempts, try again later"};
        refused.retry_after = locked;
        co_return refused;
    }
    const auto right = co_await verify(services, given, account.password_hash);
    if (!right) {
        co_await end(services, request, id, email, origin, "open");
        co_return problem_of(right.error());
    }
    if (*right && id) co_return std::move(account);
    co_await end(services, request, id, email, origin, "wrong_password");
    if (subject.caller) co_return problem{403, "WRONG_PASSWORD", "the password is wrong"};
    co_return wrong_credentials();
}

awaitable<> end_attempt(
    services& services, const request& request, const password_account& account, std::string_view outcome) {
    return end(services, request, account.id, account.email, account.origin, outcome);
}

std::string password_changed(std::size_t sessions, std::size_t api_keys) {
    return json::object().add("changed", true).add("sessions_ended", sessions).add("api_keys_ended", api_keys).text();
}

awaitable<> renew_hash(services& services, password_account& account, const secret& given) {
    if (!passwords::needs_rehash(account.password_hash)) co_return;
    const auto hash = co_await services.hashing.hash(stored_form(given));
    if (!hash) co_return;
    const auto saved = co_await postgres::run_one(services.database, *account.id,
        sql::bind("auth.set_password", {{"password_hash", *hash}, {"verified_hash", account.password_hash}}));
    if (saved && !saved->empty()) account.password_hash = *hash;
}

}  // namespace airi::gateway
