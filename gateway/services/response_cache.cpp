#include "gateway/services/response_cache.hpp"

#include "events/frames.hpp"
#include "platform/crypto/random.hpp"

namespace airi::gateway {
namespace {

// Longer than anything is kept.
constexpr std::string_view state_life = "7200";
// Redis was away until a moment ago, and perhaps still is from a gateway that has a change to tell of.
constexpr seconds settling{5};

}  // namespace

awaitable<std::string> response_cache::state_of(user_id whose, std::string known) {
    if (!co_await marks_.settled() || std::chrono::steady_clock::now() - redis_.standing_since() < settling)
        co_return std::string{};
    if (!known.empty()) co_return known;
    const auto key = events::state_key(whose);
    std::vector<std::string> get{"GET", key};
    auto got = co_await redis_.command(get);
    if (got && got->is == redis::reply::kind::nil) {
        std::vector<std::string> make{"SET", key, random::token(12), "NX", "EX", std::string(state_life)};
        co_await redis_.command(std::move(make));
        got = co_await redis_.command(std::move(get));
    }
    if (got) co_return std::move(got->text);
    // What changed meanwhile, nobody may have been able to tell.
    by_key_.clear();
    entries_.clear();
    bytes_ = 0;
    co_return std::string{};
}

awaitable<> response_cache::changed(user_id whose) { return marks_.erase(events::state_key(whose)); }

const std::string* response_cache::find(const std::string& key, std::string_view state) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    const auto at = found->second;
    if (at->state != state || at->until < std::chrono::steady_clock::now()) {
        drop(at);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, at);
    return &at->body;
}

void response_cache::keep(std::string key, std::string state, std::string body, seconds life) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
    entries_.push_front({std::move(key), std::move(state), std::move(body), std::chrono::steady_clock::now() + life});
    by_key_.emplace(entries_.front().key, entries_.begin());
    bytes_ += entries_.front().bytes();
    while (bytes_ > most_bytes_) drop(std::prev(entries_.end()));
}

void response_cache::drop(order::iterator at) {
    bytes_ -= at->bytes();
    by_key_.erase(at->key);
    entries_.erase(at);
}

}  // namespace airi::gateway
