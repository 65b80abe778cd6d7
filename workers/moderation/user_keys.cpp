#include "workers/moderation/user_keys.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>
#include <vector>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::workers::moderation {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds lifetime{60};
constexpr std::size_t most_cached = 10'000;

}  // namespace

struct user_keys::lookup {
    explicit lookup(const executor& executor) : over(executor, asio::steady_timer::time_point::max()) {}

    std::vector<std::string> users;
    std::unordered_map<user_id, result<entry>> keys;  // of the users who have one
    error_code failed;
    bool answered = false;
    asio::steady_timer over;  // cancelled when answered
};

awaitable<result<user_keys::shared_key>> user_keys::key_of(user_id user) {
    const auto found = co_await entry_of(user);
    if (!found) co_return found.error();
    co_return found->key;
}

awaitable<result<user_traits>> user_keys::traits_of(user_id user) {
    auto found = co_await entry_of(user);
    if (!found) co_return found.error();
    co_return std::move(found->traits);
}

awaitable<result<user_keys::entry>> user_keys::entry_of(user_id user) {
    if (const auto found = cached_.find(user);
        found != cached_.end() && found->second.expires > std::chrono::steady_clock::now())
        co_return found->second;
    if (!next_) next_ = std::make_shared<lookup>(executor_);
    const auto mine = next_;
    mine->users.push_back(user.text());
    if (!std::exchange(loading_, true)) asio::co_spawn(executor_, load(*this), asio::detached);
    if (!mine->answered) co_await mine->over.async_wait(asio::as_tuple(asio::use_awaitable));
    if (mine->failed) co_return mine->failed;
    const auto found = mine->keys.find(user);
    if (found == mine->keys.end()) co_return entry{};
    co_return found->second;
}

awaitable<> user_keys::load(user_keys& self) {
    while (self.next_) {
        co_await asio::post(self.executor_, asio::use_awaitable);  // the other records of the batch join first
        const auto one = std::exchange(self.next_, nullptr);
        try {
            co_await self.answer(*one);
        } catch (const std::exception& e) {
            log::error("user_keys.load_threw", {{"what", e.what()}});
            one->failed = postgres::errc::unavailable;
        }
        one->answered = true;
        one->over.cancel();
    }
    self.loading_ = false;
}

awaitable<> user_keys::answer(lookup& lookup) {
    const auto rows =
        co_await postgres::run_one(database_, std::nullopt, sql::bind("user_keys.get", {{"users", lookup.users}}));
    if (!rows) {
        lookup.failed = rows.error();
        co_return;
    }
    const auto expires = std::chrono::steady_clock::now() + lifetime;
    if (cached_.size() + rows->size() > most_cached) cached_.clear();
    error_code wrong_secret;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const auto [user, wrapped, minor, plan] = rows->read<user_id, std::string_view, bool, std::string_view>(i);
        auto unwrapped = master_.unwrap(wrapped, user);
        if (unwrapped) {
            const entry known{
                std::make_shared<const seal::key>(std::move(*unwrapped)), {minor, std::string(plan)}, expires};
            cached_[user] = known;
            lookup.keys.emplace(user, known);
        } else if (failure_of(unwrapped.error()) == failure::outage) {
            lookup.keys.emplace(user, unwrapped.error());
            wrong_secret = unwrapped.error();
        }
    }
    if (wrong_secret) log::error("user_keys.unwrap_failed", {{"error", wrong_secret.message()}});
}

awaitable<result<>> user_keys::rewrap(postgres::database& database, const seal::master& master) {
    const auto rows = co_await postgres::run_one(
        database, std::nullopt, sql::bind("user_keys.outdated", {{"mark", master.previous_mark()}}));
    if (!rows) co_return rows.error();
    json::array keys;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const auto [user, wrapped] = rows->read<user_id, std::string_view>(i);
        const auto key = master.unwrap(wrapped, user);
        if (!key) continue;
        keys.add(json::object().add("user_id", user.text()).add("old", wrapped).add("fresh", master.wrap(*key, user)));
    }
    if (keys.empty()) co_return result<>{};
    const auto saved =
        co_await postgres::run_one(database, std::nullopt, sql::bind("user_keys.rewrap", {{"keys", keys.text()}}));
    if (!saved) co_return saved.error();
    log::info("user_keys.rewrapped", {{"keys", saved->affected()}});
    co_return result<>{};
}

}  // namespace airi::workers::moderation
