// Checks whether an account may subscribe to a channel. Used by the WebSocket handler.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// None when the account may: to its own channel and those of its conversations, administrators to "admin" and
/// "crisis", the role crisis to "crisis". Otherwise not_found, also for channels that do not exist.
awaitable<std::optional<problem>> check_channel(services&, std::shared_ptr<const account> caller, std::string channel);

}  // namespace airi::gateway
