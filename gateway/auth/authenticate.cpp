#include "gateway/auth/authenticate.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <charconv>

#include "gateway/auth/cookies.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view key_mark = "airi_";
constexpr std::size_t checksum_length = 6;

std::string checksum(std::string_view text) { return digest::sha256_hex(text).substr(0, checksum_length); }

bool is_well_formed(std::string_view key) {
    if (key.size() > 100 || key.size() < key_mark.size() + checksum_length) return false;
    const auto body = key.substr(0, key.size() - checksum_length);
    return checksum(body) == key.substr(body.size());
}

// Uses are counted in Redis and written down once a minute. Best effort, and nobody waits for it.
awaitable<> count_use(services& services, std::string key, bool due) {
    const auto counter = "api_key:uses:" + key;
    std::vector<std::string> one_more{"INCR", counter};
    co_await services.redis.command(std::move(one_more));
    if (!due) co_return;
    std::vector<std::string> take{"GETDEL", counter};
    const auto taken = co_await services.redis.command(std::move(take));
    if (taken && taken->is == redis::reply::kind::nil) co_return;
    std::int64_t uses = 1;
    if (taken) std::from_chars(taken->text.data(), taken->text.data() + taken->text.size(), uses);
    postgres::transaction write;
    write.statements.push_back(sql::bind("api_keys.record_use", {{"id", key}, {"uses", uses}}));
    if (const auto rows = co_await services.database.run(std::move(write)); rows && rows->front().text(0, 0) == "t")
        co_return;
    std::vector<std::string> give_back{"INCRBY", counter, std::to_string(uses)};
    co_await services.redis.command(std::move(give_back));
}

awaitable<std::variant<std::shared_ptr<const account>, problem>> by_api_key(
    services& services, std::string key, std::string address) {
    const problem unknown{401, "INVALID_API_KEY", "this API key is unknown, expired, revoked, or not for this address"};
    if (!is_well_formed(key)) co_return unknown;
    postgres::transaction ask;
    ask.statements.push_back(
        sql::bind("api_keys.authenticate", {{"hash", digest::sha256_hex(key)}, {"address", address}}));
    const auto rows = co_await services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty()) co_return unknown;
    const auto id = session_id::parse(rows->front().text(0, 0)).value_or(session_id{});
    const auto found =
        co_await services.accounts.find(user_id::parse(rows->front().text(0, 1)).value_or(user_id{}), id);
    if (!found) co_return problem_of(found.error());
    if (!*found) co_return unknown;
    boost::asio::co_spawn(
        services.executor, count_use(services, id.text(), rows->front().text(0, 2) == "t"), boost::asio::detached);
    co_return *found;
}

awaitable<std::variant<std::shared_ptr<const account>, problem>> by_access_token(
    services& services, std::string token, instant at) {
    const auto claims = services.keys.verify(token, at);
    if (!claims) {
        const bool expired = claims.error() == make_error_code(tokens::errc::expired);
        co_return expired ? problem{401, "TOKEN_EXPIRED", "the access token has expired"} : unauthenticated();
    }
    const auto found = co_await services.accounts.find(claims->user, claims->session);
    if (!found) co_return problem_of(found.error());
    if (!*found) co_return problem{401, "SESSION_ENDED", "this session has ended, log in again"};
    co_return *found;
}

}  // namespace

api_key fresh_api_key() {
    const auto shown = std::string(key_mark) + digest::hex(random::bytes(4));
    const auto body = shown + "_" + digest::hex(random::bytes(24));
    const auto whole = body + checksum(body);
    return {secret(whole), shown, digest::sha256_hex(whole)};
}

awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate(
    services& services, std::string token, const request& request) {
    auto found = token.starts_with(key_mark) ? co_await by_api_key(services, std::move(token), request.address)
                                             : co_await by_access_token(services, std::move(token), request.arrived);
    if (const auto* who = std::get_if<0>(&found))
        if (auto refused = refusal_of((*who)->refused)) co_return std::move(*refused);
    co_return found;
}

awaitable<std::optional<problem>> check_standing(services& services, user_id user) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("auth.account_status", {{"user", user}}));
    const auto rows = co_await services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty() || rows->front().is_null(0, 0)) co_return std::nullopt;
    co_return refusal_of(rows->front().text(0, 0));
}

shown_token token_of(const gateway_options& options, const request& request) {
    if (!request.header("authorization").empty()) return {bearer_of(request)};
    auto token = access_cookie(options, request);
    // An API key is no browser's.
    if (token.empty() || token.starts_with(key_mark)) return {};
    return {std::move(token), true};
}

std::string bearer_of(const request& request) {
    constexpr std::string_view scheme = "bearer ";
    const auto value = request.header("authorization");
    const auto same = [](char a, char b) { return (a | 0x20) == b || a == b; };
    if (value.size() <= scheme.size() ||
        !std::equal(scheme.begin(), scheme.end(), value.begin(), [&](char b, char a) { return same(a, b); }))
        return {};
    return std::string(value.substr(scheme.size()));
}

bool origin_allowed(const gateway_options& options, std::string_view origin, std::string_view host) {
    if (std::find(options.origins.begin(), options.origins.end(), origin) != options.origins.end()) return true;
    const auto slashes = origin.find("://");
    return slashes != std::string_view::npos && !host.empty() && origin.substr(slashes + 3) == host;
}

}  // namespace airi::gateway
