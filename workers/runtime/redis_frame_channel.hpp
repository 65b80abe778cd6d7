// The frame channel over Redis.
#pragma once

#include <memory>

#include "platform/redis/redis.hpp"
#include "workers/runtime/frame_channel.hpp"

namespace airi::workers {

/// A stream expires `keep` after its last frame. `client` must outlive the channel.
std::unique_ptr<frame_channel> open_frame_channel(redis::client& client, seconds keep = seconds{900});

}  // namespace airi::workers
