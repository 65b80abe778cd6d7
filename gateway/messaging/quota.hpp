// Counting a message against its sender's rates and daily quota. Used by submit_message.
#pragma once

#include <optional>

#include "gateway/services/services.hpp"

namespace airi::gateway {

/// Counts the message in the sender's rates (`group`, unless empty, beside `chat`) and in its quota, or in none of
/// them; a 429 with headers when one is used up. `used` gets the decision and whether the message was counted before,
/// and the value of the key `read`, or "unknown" without Redis.
/// Rates need Redis and are not limited without it; the quota is exact.
awaitable<std::optional<problem>> count_message(
    services&, const account&, quota day, std::string_view group, std::string read, decision& used);

/// Takes back a message that was counted but could not be published.
awaitable<> uncount_message(services&, user_id, quota day);

}  // namespace airi::gateway
