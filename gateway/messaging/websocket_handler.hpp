// One WebSocket client: its frames in, the frames of its channels out.
#pragma once

#include <memory>
#include <optional>

#include "gateway/http/application.hpp"
#include "gateway/realtime/socket_places.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// `token_end`: of the access token that opened the socket. The socket is closed with 1008 when that, the session or
/// the API key ends, and when the key's scopes or the role that the caller acts in change. As over HTTP, a key without
/// the scope `read` reads nothing: it gets the replies to what its socket sends.
std::shared_ptr<websocket_handler> make_websocket_handler(services&, std::shared_ptr<const account> caller,
    std::optional<instant> token_end, request_trace, socket_places::place);

}  // namespace airi::gateway
