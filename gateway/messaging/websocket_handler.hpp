// One WebSocket client: its frames in, the frames of its channels out.
#pragma once

#include <memory>

#include "gateway/http/application.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

std::shared_ptr<websocket_handler> make_websocket_handler(
    services&, std::shared_ptr<const account> caller, request_trace);

}  // namespace airi::gateway
