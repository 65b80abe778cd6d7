// channel over Redis.
#pragma once

#include <memory>

#include "platform/redis/redis.hpp"
#include "workers/runtime/channel.hpp"

namespace airi::workers {

/// Streams are kept for `keep` after their last frame. `client` must outlive the channel.
std::unique_ptr<channel> open_channel(redis::client& client, seconds keep = seconds{900});

}  // namespace airi::workers
