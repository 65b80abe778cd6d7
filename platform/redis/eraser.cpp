#include <algorithm>

#include "platform/redis/redis.hpp"

namespace airi::redis {
namespace {

constexpr std::size_t max_per_command = 1'000;

}  // namespace

awaitable<> eraser::erase(std::string key) {
    owed_.insert(std::move(key));
    co_await settled();
}

awaitable<bool> eraser::settled() {
    while (!owed_.empty()) {
        std::vector<std::string> command{"UNLINK"};
        command.reserve(1 + std::min(owed_.size(), max_per_command));
        for (auto key = owed_.begin(); key != owed_.end() && command.size() <= max_per_command; ++key)
            command.push_back(*key);
        // Removed first: a change during the command adds its key again.
        for (auto key = command.begin() + 1; key != command.end(); ++key) owed_.erase(*key);
        auto removed = command;
        const auto done = co_await redis_.command(std::move(command));
        if (done) continue;
        owed_.insert(removed.begin() + 1, removed.end());
        co_return false;
    }
    co_return true;
}

}  // namespace airi::redis
