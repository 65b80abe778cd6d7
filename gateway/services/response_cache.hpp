// Answers of data routes, kept in this thread's memory while nothing of the user's has changed. Whether it has is asked
// of Redis at each request: a key per user holds a random text, any change deletes it, and the next reader makes
// another one. So an answer that was read before a change is never given after it, on any gateway.
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
    explicit response_cache(redis::client& redis, std::size_t most_bytes = 32 * 1024 * 1024)
        : redis_(redis), marks_(redis), most_bytes_(most_bytes) {}

    /// The state of what a user has; ask before the rows are read. Empty while Redis is away and for 5 s after: then
    /// nothing is kept or found. `known` is its key's value when it has been read already.
    awaitable<std::string> state_of(user_id, std::string known = {});
    /// Something of the user's has changed: ends when every gateway knows. Best effort only while Redis is away from
    /// this one alone.
    awaitable<> changed(user_id);

    /// The body that was kept in this state; null when there is none. Valid until the next call.
    const std::string* find(const std::string& key, std::string_view state);
    void keep(std::string key, std::string state, std::string body, seconds life);

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
    std::size_t most_bytes_, bytes_ = 0;
    order entries_;  ///< last used first
    std::unordered_map<std::string_view, order::iterator> by_key_;
};

}  // namespace airi::gateway
