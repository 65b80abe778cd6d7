#include "gateway/auth/api_keys.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <charconv>

#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view mark = "airi_";
constexpr std::size_t checksum_length = 6, longest_key = 100;

std::string checksum(std::string_view text) { return digest::sha256_hex(text).substr(0, checksum_length); }

bool is_well_formed(std::string_view key) {
    if (key.size() > longest_key || key.size() < mark.size() + checksum_length) return false;
    const auto body = key.substr(0, key.size() - checksum_length);
    return checksum(body) == key.substr(body.size());
}

// Uses are counted in Redis and written to the database once a minute. Best effort; no request waits for it.
awaitable<> count_use(services& services, std::string key, bool due) {
    const auto counter = "api_key:uses:" + key;
    std::vector<std::string> increment{"INCR", counter};
    co_await services.redis.command(std::move(increment));
    if (!due) co_return;
    std::vector<std::string> take{"GETDEL", counter};
    const auto taken = co_await services.redis.command(std::move(take));
    if (taken && taken->is == redis::reply::kind::nil) co_return;
    std::int64_t uses = 1;
    if (taken) std::from_chars(taken->text.data(), taken->text.data() + taken->text.size(), uses);
    const auto rows = co_await postgres::run_one(
        services.database, std::nullopt, sql::bind("api_keys.record_use", {{"id", key}, {"uses", uses}}));
    if (rows && rows->boolean(0, 0)) co_return;
    std::vector<std::string> give_back{"INCRBY", counter, std::to_string(uses)};
    co_await services.redis.command(std::move(give_back));
}

}  // namespace

api_key make_api_key() {
    const auto prefix = std::string(mark) + digest::hex(random::bytes(4));
    const auto body = prefix + "_" + digest::hex(random::bytes(24));
    const auto whole = body + checksum(body);
    return {secret(whole), prefix, digest::sha256_hex(whole)};
}

bool is_api_key(std::string_view token) { return token.starts_with(mark); }

awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate_api_key(
    services& services, std::string key, std::string address, decision& limits) {
    const problem unknown{
        401, "INVALID_API_KEY", "the API key is unknown, expired, revoked or not allowed from this IP address"};
    const auto hash = digest::sha256_hex(key);
    if (!services.accounts.knows_key(hash))
        if (auto limited = co_await take_address_rate(services, "api", address, limits)) co_return std::move(*limited);
    if (!is_well_formed(key)) co_return unknown;
    const auto rows = co_await postgres::run_one(
        services.database, std::nullopt, sql::bind("api_keys.authenticate", {{"hash", hash}, {"address", address}}));
    if (!rows) co_return problem_of(rows.error());
    services.accounts.know_key(hash, !rows->empty());
    if (rows->empty()) co_return unknown;
    const auto [id, user, use_is_due] = rows->read<session_id, user_id, bool>(0);
    const auto found = co_await services.accounts.find(user, id);
    if (!found) co_return problem_of(found.error());
    if (!*found) co_return unknown;
    boost::asio::co_spawn(services.executor, count_use(services, id.text(), use_is_due), boost::asio::detached);
    co_return *found;
}

}  // namespace airi::gateway
