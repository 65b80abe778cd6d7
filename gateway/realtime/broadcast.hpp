// Frames that belong to no generation, for every socket on a channel. Best effort, without waiting.
#pragma once

#include <string>
#include <string_view>

#include "platform/base/async.hpp"
#include "platform/redis/redis.hpp"

namespace airi::gateway {

/// `data` is JSON.
void broadcast(redis::client&, executor, std::string channel, std::string_view type, std::string_view data);

}  // namespace airi::gateway
