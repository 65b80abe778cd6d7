#include "gateway/services/account_cache.hpp"

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr seconds account_life{2}, ownership_life{5};
constexpr std::size_t max_entries = 50'000;

std::shared_ptr<account> read(const postgres::rows& rows, session_id session, user_id user) {
    auto out = std::make_shared<account>();
    out->id = user;
    out->session = session;
    auto [json, plan, rank, features, limits, rates, scopes, key_rate, refused, wrapped, proved_at, expires] =
        rows.read<std::string, std::string, std::int64_t, std::string, std::string_view, std::string_view,
            std::optional<std::string_view>, std::optional<std::int64_t>, std::string, std::string_view,
            std::optional<std::int64_t>, std::optional<std::int64_t>>(0);
    out->json = std::move(json);
    out->plan = std::move(plan);
    out->rank = rank;
    out->features = std::move(features);
    if (const auto user_json = json::document::parse(out->json)) {
        out->role = user_json->root()["role"].string().value_or("user");
        out->second_factor = user_json->root()["second_factor"].boolean().value_or(false);
        out->pending = user_json->root()["pending"].boolean().value_or(false);
        out->email_verified = user_json->root()["email_verified"].boolean().value_or(false);
    }
    if (const auto parsed = json::document::parse(limits))
        parsed->root().each([&](json::value limit) {
            out->limits[std::string(limit["resource"].string().value_or("")) + "/" +
                        std::string(limit["period"].string().value_or(""))] = limit["amount"].integer().value_or(0);
        });
    if (const auto parsed = json::document::parse(rates))
        parsed->root().each([&](json::value rate) {
            const std::string name(rate["name"].string().value_or(""));
            out->rates[name] = {name, rate["max"].integer().value_or(0), rate["window"].integer().value_or(60),
                strategy_named(rate["strategy"].string().value_or("")),
                name == "api" && rate["general"].boolean().value_or(false)};
        });
    out->by_key = scopes.has_value();
    if (scopes)
        if (const auto parsed = json::document::parse(*scopes))
            parsed->root().each([&](json::value scope) { out->scopes.emplace_back(scope.string().value_or("")); });
    out->key_rate = key_rate.value_or(out->key_rate);
    out->refused = std::move(refused);
    if (proved_at) out->proved_at = instant(seconds(*proved_at));
    if (expires) out->expires = instant(milliseconds(*expires));
    return out;
}

}  // namespace

std::optional<std::int64_t> account::limit(std::string_view resource_and_period) const {
    const auto found = limits.find(resource_and_period);
    return found == limits.end() ? std::nullopt : std::optional(found->second);
}

awaitable<result<std::shared_ptr<const account>>> account_cache::find(user_id user, session_id session) {
    const auto now = std::chrono::steady_clock::now();
    if (const auto found = accounts_.find(session);
        found != accounts_.end() && found->second.until > now && found->second.user == user)
        co_return found->second.account;
    const auto invalidations = invalidations_;
    const auto rows = co_await postgres::run_one(database_, user, sql::bind("auth.account", {{"session", session}}));
    if (!rows) co_return rows.error();
    std::shared_ptr<account> fresh;
    if (!rows->empty()) {
        fresh = read(*rows, session, user);
        if (fresh->refused.empty()) co_await unlock(*fresh, std::string(rows->text(0, 9)));
    }
    if (accounts_.size() >= max_entries) accounts_.clear();
    if (invalidations == invalidations_) accounts_[session] = {user, fresh, now + account_life};
    co_return fresh;
}

bool account_cache::knows_key(const std::string& hash) const {
    const auto found = good_keys_.find(hash);
    return found != good_keys_.end() && found->second > std::chrono::steady_clock::now();
}

void account_cache::know_key(const std::string& hash, bool good) {
    if (!good) return void(good_keys_.erase(hash));
    if (good_keys_.size() >= max_entries) good_keys_.clear();
    good_keys_[hash] = std::chrono::steady_clock::now() + account_life;
}

// An account older than the keys, or made by a path that makes none, gets its key here. Without a key its text cannot
// be stored; everything else works.
awaitable<> account_cache::unlock(account& account, std::string wrapped) {
    if (wrapped.empty()) {
        auto fresh = master_.wrap(seal::key::fresh(), account.id);
        const auto rows = co_await postgres::run_one(
            database_, account.id, sql::bind("user_keys.create", {{"key", std::move(fresh)}}));
        if (!rows || rows->empty()) co_return;
        wrapped = rows->text(0, 0);
    }
    auto key = master_.unwrap(wrapped, account.id);
    if (key)
        account.key = std::make_shared<const seal::key>(std::move(*key));
    else
        log::error("account.no_key", {{"user_id", account.id.text()}, {"error", key.error().message()}});
}

awaitable<result<ownership>> account_cache::owns(user_id user, conversation_id conversation) {
    const auto now = std::chrono::steady_clock::now();
    if (const auto found = owned_.find(conversation);
        found != owned_.end() && found->second.until > now && found->second.owner == user)
        co_return ownership::own;
    const auto rows =
        co_await postgres::run_one(database_, user, sql::bind("conversations.owned", {{"id", conversation}}));
    if (!rows) co_return rows.error();
    if (rows->empty()) co_return ownership::none;
    if (owned_.size() >= max_entries) owned_.clear();
    owned_[conversation] = {user, now + ownership_life};
    co_return ownership::own;
}

}  // namespace airi::gateway
