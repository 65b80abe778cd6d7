// Frames that belong to no generation, for every socket on a channel. Best effort, without waiting.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/async.hpp"
#include "platform/base/ids.hpp"
#include "platform/redis/redis.hpp"

namespace airi::gateway {

/// `frame` as `events::encode_frame` writes it; `created`: of a message_created.
void broadcast(redis::client&, executor, std::string channel, std::string_view frame,
    const std::optional<message_id>& created = std::nullopt);

}  // namespace airi::gateway
