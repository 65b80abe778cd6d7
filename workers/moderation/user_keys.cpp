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

constexpr std::chrono::seconds kept_for{60};
constexpr std::size_t most_kept = 10'000;

}  // namespace

struct user_keys::lookup {
    explicit lookup(const executor& on) : over(on, asio::steady_timer::time_point::max()) {}

    std::vector<std::string> users;
    std::unordered_map<user_id, result<known>> keys;  // of those who have one
    error_code failed;
    bool answered = false;
    asio::steady_timer over;  // cancelled when it is answered
};

awaitable<result<user_keys::known>> user_keys::of(user_id whose) {
    if (const auto found = kept_.find(whose);
        found != kept_.end() && found->second.until > std::chrono::steady_clock::now())
        co_return found->second.is;
    if (!next_) next_ = std::make_shared<lookup>(on_);
    const auto mine = next_;
    mine->users.push_back(whose.text());
    if (!std::exchange(asking_, true)) asio::co_spawn(on_, ask(*this), asio::detached);
    if (!mine->answered) co_await mine->over.async_wait(asio::as_tuple(asio::use_awaitable));
    if (mine->failed) co_return mine->failed;
    const auto found = mine->keys.find(whose);
    if (found == mine->keys.end()) co_return known{};
    co_return found->second;
}

awaitable<> user_keys::ask(user_keys& self) {
    while (self.next_) {
        co_await asio::post(self.on_, asio::use_awaitable);  // all records of a batch come first
        const auto one = std::exchange(self.next_, nullptr);
        try {
            co_await self.answer(*one);
        } catch (const std::exception& e) {
            log::error("moderation.stray_exception", {{"what", e.what()}});
            one->failed = postgres::errc::unavailable;
        }
        one->answered = true;
        one->over.cancel();
    }
    self.asking_ = false;
}

awaitable<> user_keys::answer(lookup& to) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("user_keys.get", {{"users", to.users}}));
    const auto rows = co_await from_.run(std::move(ask));
    if (!rows) {
        to.failed = rows.error();
        co_return;
    }
    const auto& all = rows->front();
    const auto until = std::chrono::steady_clock::now() + kept_for;
    if (kept_.size() + all.size() > most_kept) kept_.clear();
    error_code closed;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto whose = user_id::parse(all.text(i, 0)).value_or(user_id{});
        auto key = master_.unwrap(all.text(i, 1), whose);
        if (key) {
            const auto is = std::make_shared<const seal::key>(std::move(*key));
            kept_[whose] = {is, until};
            to.keys.emplace(whose, is);
        } else if (failure_of(key.error()) == failure::outage) {
            to.keys.emplace(whose, key.error());
            closed = key.error();
        }
    }
    if (closed) log::error("moderation.key_not_opened", {{"error", closed.message()}});
}

awaitable<result<>> user_keys::rewrap(postgres::database& in, const seal::master& master) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("user_keys.outdated", {{"mark", master.previous_mark()}}));
    const auto rows = co_await in.run(std::move(ask));
    if (!rows) co_return rows.error();
    const auto& all = rows->front();
    std::string keys;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto whose = user_id::parse(all.text(i, 0)).value_or(user_id{});
        const auto key = master.unwrap(all.text(i, 1), whose);
        if (!key) continue;
        keys += (keys.empty() ? "" : ",") + json::object()
                                                .add("user_id", whose.text())
                                                .add("old", all.text(i, 1))
                                                .add("fresh", master.wrap(*key, whose))
                                                .text();
    }
    if (keys.empty()) co_return result<>{};
    postgres::transaction save;
    save.statements.push_back(sql::bind("user_keys.rewrap", {{"keys", "[" + keys + "]"}}));
    const auto done = co_await in.run(std::move(save));
    if (!done) co_return done.error();
    log::info("moderation.keys_rewrapped", {{"keys", done->front().affected()}});
    co_return result<>{};
}

}  // namespace airi::workers::moderation
