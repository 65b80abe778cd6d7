// Frames that belong to no generation, for every socket on a channel. Best effort, without waiting.
#pragma once

#include <string>
#include <string_view>

#include "platform/base/async.hpp"
#include "platform/redis/redis.hpp"

namespace airi::gateway {

/// `frame` as `events::encode_frame` writes it.
void broadcast(redis::client&, executor, std::string channel, std::string_view frame);

}  // namespace airi::gateway
