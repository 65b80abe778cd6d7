#include <algorithm>

#include "platform/redis/redis.hpp"

namespace airi::redis {
namespace {

constexpr std::size_t most_at_once = 1'000;

}  // namespace

awaitable<> eraser::erase(std::string key) {
    owed_.insert(std::move(key));
    co_await settled();
}

awaitable<bool> eraser::settled() {
    while (!owed_.empty()) {
        std::vector<std::string> words{"UNLINK"};
        words.reserve(1 + std::min(owed_.size(), most_at_once));
        for (auto at = owed_.begin(); at != owed_.end() && words.size() <= most_at_once; ++at) words.push_back(*at);
        // Taken out first: a change that comes while this is under way owes its key anew.
        for (auto at = words.begin() + 1; at != words.end(); ++at) owed_.erase(*at);
        auto again = words;
        const auto done = co_await redis_.command(std::move(words));
        if (done) continue;
        owed_.insert(again.begin() + 1, again.end());
        co_return false;
    }
    co_return true;
}

}  // namespace airi::redis
