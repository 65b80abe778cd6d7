#include "gateway/services/response_cache.hpp"

#include "events/frames/frame.hpp"
#include "platform/crypto/random.hpp"

namespace airi::gateway {
namespace {

// Longer than any answer is cached.
constexpr std::string_view state_life = "7200";
// When Redis comes back here, another gateway that has a change to publish may still be without it.
constexpr seconds settling{5};

}  // namespace

awaitable<std::string> response_cache::state_of(user_id user, std::string known) {
    if (!co_await marks_.settled() || std::chrono::steady_clock::now() - redis_.standing_since() < settling)
        co_return std::string{};
    if (!known.empty()) co_return known;
    const auto key = events::state_key(user);
    std::vector<std::string> get{"GET", key};
    auto got = co_await redis_.command(get);
    if (got && got->is == redis::reply::kind::nil) {
        std::vector<std::string> make{"SET", key, random::token(12), "NX", "EX", std::string(state_life)};
        co_await redis_.command(std::move(make));
        got = co_await redis_.command(std::move(get));
    }
    if (got) co_return std::move(got->text);
    // Changes may have gone unpublished meanwhile.
    by_key_.clear();
    entries_.clear();
    bytes_ = 0;
    co_return std::string{};
}

awaitable<> response_cache::invalidate(user_id user) { return marks_.erase(events::state_key(user)); }

const std::string* response_cache::find(const std::string& key, std::string_view state) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    const auto entry = found->second;
    if (entry->state != state || entry->until < std::chrono::steady_clock::now()) {
        drop(entry);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return &entry->body;
}

void response_cache::store(std::string key, std::string state, std::string body, seconds life) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
    entries_.push_front({std::move(key), std::move(state), std::move(body), std::chrono::steady_clock::now() + life});
    by_key_.emplace(entries_.front().key, entries_.begin());
    bytes_ += entries_.front().bytes();
    while (bytes_ > max_bytes_) drop(std::prev(entries_.end()));
}

void response_cache::drop(order::iterator entry) {
    bytes_ -= entry->bytes();
    by_key_.erase(entry->key);
    entries_.erase(entry);
}

}  // namespace airi::gateway
