// Answers of data routes, cached in this thread's memory until the user's data changes. Each request checks this in
// Redis: a key per user holds a random text, any change deletes it, and the next reader makes another one. So an answer
// that was read before a change is never sent after it, on any gateway.
#pragma once

#include <chrono>
#include <list>
#include <string>
#include <unordered_map>

#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "platform/redis/redis.hpp"

namespace airi::gateway {

class response_cache {
public:
    explicit response_cache(redis::client& redis, std::size_t max_bytes = 32 * 1024 * 1024)
        : redis_(redis), marks_(redis), max_bytes_(max_bytes) {}

    /// The state of the user's data; to be read before the rows. Empty while Redis is unavailable and for 5 s after:
    /// then nothing is stored or found. `known` is the key's value when it has been read already.
    awaitable<std::string> state_of(user_id, std::string known = {});
    /// The user's data has changed: ends when no gateway can answer from its cache any more. Best effort while only
    /// this gateway has lost Redis.
    awaitable<> invalidate(user_id);

    /// The body that was stored in this state; null when there is none. Valid until the next call.
    const std::string* find(const std::string& key, std::string_view state);
    void store(std::string key, std::string state, std::string body, seconds life);

private:
    struct entry {
        std::string key, state, body;
        std::chrono::steady_clock::time_point until;
        std::size_t bytes() const { return key.size() + state.size() + body.size() + sizeof(entry); }
    };
    using order = std::list<entry>;
    void drop(order::iterator);

    redis::client& redis_;
    redis::eraser marks_;
    std::size_t max_bytes_, bytes_ = 0;
    order entries_;  ///< last used first
    std::unordered_map<std::string_view, order::iterator> by_key_;
};

}  // namespace airi::gateway
