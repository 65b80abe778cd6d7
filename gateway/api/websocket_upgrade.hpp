// Which WebSocket handshakes are accepted, and as whom.
#pragma once

#include <string_view>
#include <variant>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// Whether the path answers handshakes only: /ws with its prefixes, and /ws/conversation/{user_id}.
bool is_websocket_path(std::string_view path) noexcept;

/// The handler to attach, or 401 or 403 with the reason; 404 for any other path, and for that of another user.
awaitable<std::variant<upgraded, problem>> accept_websocket(services&, const request&);

}  // namespace airi::gateway
