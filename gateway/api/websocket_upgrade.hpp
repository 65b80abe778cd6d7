// Which WebSocket handshakes are accepted, and as whom.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// The handler to attach, or 401 or 403 with the reason. `path`: the values of its placeholders, none or the id of the
/// user who connects; 404 when that is another one.
awaitable<std::variant<upgraded, problem>> accept_websocket(
    services&, const request&, const std::vector<std::string>& path);

}  // namespace airi::gateway
