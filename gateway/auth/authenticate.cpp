#include "gateway/auth/authenticate.hpp"

#include <algorithm>

#include "gateway/auth/api_keys.hpp"
#include "gateway/auth/cookies.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

awaitable<problem> rejection(services& services, const request& request, decision& limits, problem reason) {
    auto limited = co_await take_address_rate(services, "api", request.address, limits);
    co_return limited ? std::move(*limited) : std::move(reason);
}

// A signature is verified without any server, and an ended session is cached like an account: neither needs a limit
// before it is looked up.
awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate_access_token(
    services& services, std::string token, const request& request, decision& limits) {
    const auto claims = services.keys.verify(token, request.arrived);
    if (!claims) {
        const bool expired = claims.error() == make_error_code(tokens::errc::expired);
        co_return co_await rejection(services, request, limits,
            expired ? problem{401, "TOKEN_EXPIRED", "the access token has expired"} : unauthenticated());
    }
    const auto found = co_await services.accounts.find(claims->user, claims->session);
    if (!found) co_return problem_of(found.error());
    if (*found) co_return *found;
    co_return co_await rejection(
        services, request, limits, {401, "SESSION_ENDED", "this session has ended, log in again"});
}

}  // namespace

awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate(
    services& services, std::string token, const request& request, decision& limits) {
    auto found = is_api_key(token) ? co_await authenticate_api_key(services, std::move(token), request.address, limits)
                                   : co_await authenticate_access_token(services, std::move(token), request, limits);
    if (const auto* caller = std::get_if<0>(&found))
        if (auto refused = refusal_of((*caller)->refused)) co_return std::move(*refused);
    co_return found;
}

std::optional<problem> check_scope(const account& caller, std::string_view scope) {
    if (caller.may(scope)) return std::nullopt;
    return problem{403, "SCOPE_NEEDED", "this API key does not have the required scope"};
}

std::optional<instant> end_of_token(const services& services, std::string_view token, instant now) {
    const auto claims = services.keys.verify(token, now);
    return claims ? std::optional(claims->expires) : std::nullopt;
}

awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate_if_any(
    services& services, const request& request) {
    auto token = token_of(services.options, request);
    if (token.text.empty()) co_return std::shared_ptr<const account>{};
    decision limits;
    auto found = co_await authenticate(services, std::move(token.text), request, limits);
    if (token.by_cookie && std::holds_alternative<problem>(found)) co_return std::shared_ptr<const account>{};
    co_return found;
}

awaitable<std::optional<problem>> check_account_status(services& services, user_id user) {
    const auto rows =
        co_await postgres::run_one(services.database, std::nullopt, sql::bind("auth.account_status", {{"user", user}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0)) co_return std::nullopt;
    co_return refusal_of(rows->text(0, 0));
}

request_token token_of(const gateway_options& options, const request& request) {
    if (!request.header("authorization").empty()) return {bearer_of(request)};
    auto token = access_cookie(options, request);
    // API keys are not for browsers.
    if (token.empty() || is_api_key(token)) return {};
    return {std::move(token), true};
}

std::string bearer_of(const request& request) {
    constexpr std::string_view scheme = "bearer ";
    const auto value = request.header("authorization");
    const auto same = [](char lower, char any) { return (any | 0x20) == lower || any == lower; };
    if (value.size() <= scheme.size() || !std::equal(scheme.begin(), scheme.end(), value.begin(), same)) return {};
    return std::string(value.substr(scheme.size()));
}

}  // namespace airi::gateway
