#include "gateway/services/account_cache.hpp"

#include <charconv>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr seconds kept_for{2}, owned_for{5};
constexpr std::size_t most_kept = 50'000;

std::shared_ptr<account> read(const postgres::rows& row, session_id session, user_id user) {
    auto out = std::make_shared<account>();
    out->id = user;
    out->session = session;
    out->json = row.text(0, 0);
    out->plan = row.text(0, 1);
    const auto rank = row.text(0, 2);
    std::from_chars(rank.data(), rank.data() + rank.size(), out->rank);
    out->features = row.text(0, 3);
    if (const auto user_json = json::document::parse(out->json)) {
        out->role = user_json->root()["role"].string().value_or("user");
        out->pending = user_json->root()["pending"].boolean().value_or(false);
    }
    if (const auto limits = json::document::parse(row.text(0, 4)))
        limits->root().each([&](json::value l) {
            out->limits[std::string(l["resource"].string().value_or("")) + "/" +
                        std::string(l["period"].string().value_or(""))] = l["amount"].integer().value_or(0);
        });
    if (const auto rates = json::document::parse(row.text(0, 5)))
        rates->root().each([&](json::value r) {
            const std::string name(r["name"].string().value_or(""));
            out->rates[name] = {name, r["max"].integer().value_or(0), r["window"].integer().value_or(60)};
        });
    out->by_key = !row.is_null(0, 6);
    if (out->by_key)
        if (const auto scopes = json::document::parse(row.text(0, 6)))
            scopes->root().each([&](json::value scope) { out->scopes.emplace_back(scope.string().value_or("")); });
    if (const auto most = row.text(0, 7); !row.is_null(0, 7))
        std::from_chars(most.data(), most.data() + most.size(), out->key_rate);
    if (!row.is_null(0, 8)) out->refused = row.text(0, 8);
    return out;
}

}  // namespace

std::optional<std::int64_t> account::limit(std::string_view resource_and_period) const {
    const auto found = limits.find(resource_and_period);
    return found == limits.end() ? std::nullopt : std::optional(found->second);
}

awaitable<result<std::shared_ptr<const account>>> account_cache::of(user_id user, session_id session) {
    const auto at = std::chrono::steady_clock::now();
    if (const auto found = known_.find(session);
        found != known_.end() && found->second.until > at && found->second.is->id == user)
        co_return found->second.is;
    postgres::transaction ask;
    ask.caller = user;
    ask.statements.push_back(sql::bind("auth.account", {{"session", session}}));
    const auto forgotten = forgotten_;
    const auto rows = co_await db_.run(std::move(ask));
    if (!rows) co_return rows.error();
    if (rows->front().empty()) {
        known_.erase(session);
        co_return std::shared_ptr<const account>{};
    }
    auto is = read(rows->front(), session, user);
    if (is->refused.empty()) co_await unlock(*is, std::string(rows->front().text(0, 9)));
    if (known_.size() >= most_kept) known_.clear();
    if (forgotten == forgotten_) known_[session] = {is, at + kept_for};
    co_return is;
}

// A user from before there were keys, or whose way in makes none, gets one here. Without a key nothing can be said; all
// else can be done.
awaitable<> account_cache::unlock(account& who, std::string wrapped) {
    if (wrapped.empty()) {
        postgres::transaction make;
        make.caller = who.id;
        make.statements.push_back(sql::bind("user_keys.create", {{"key", master_.wrap(seal::key::fresh(), who.id)}}));
        const auto rows = co_await db_.run(std::move(make));
        if (!rows || rows->front().empty()) co_return;
        wrapped = rows->front().text(0, 0);
    }
    auto key = master_.unwrap(wrapped, who.id);
    if (key)
        who.key = std::make_shared<const seal::key>(std::move(*key));
    else
        log::error("account.no_key", {{"user_id", who.id.text()}, {"error", key.error().message()}});
}

awaitable<result<ownership>> account_cache::owns(user_id user, conversation_id conversation) {
    const auto at = std::chrono::steady_clock::now();
    if (const auto found = owned_.find(conversation);
        found != owned_.end() && found->second.until > at && found->second.by == user)
        co_return ownership::own;
    postgres::transaction ask;
    ask.caller = user;
    ask.statements.push_back(sql::bind("conversations.owned", {{"id", conversation}}));
    const auto rows = co_await db_.run(std::move(ask));
    if (!rows) co_return rows.error();
    if (rows->front().empty()) co_return ownership::none;
    if (owned_.size() >= most_kept) owned_.clear();
    owned_[conversation] = {user, at + owned_for};
    co_return ownership::own;
}

}  // namespace airi::gateway
