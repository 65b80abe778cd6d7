// The meaning of each error reply of Redis, by its beginning. Used by the client.
#pragma once

#include <optional>

#include "platform/redis/redis.hpp"

namespace airi::redis {

/// `reply` begins with a code, such as OOM. None for a code that the table lacks, such as one of a module or a script.
std::optional<errc> meaning_of(std::string_view reply);

}  // namespace airi::redis
