// One WebSocket client as the product sees it: its frames in, the frames of its channels out.
#pragma once

#include <memory>
#include <string>

#include "gateway/http/application.hpp"
#include "gateway/messaging/submit_message.hpp"

namespace airi::gateway {

std::shared_ptr<websocket_handler> make_peer(
    services& services, std::shared_ptr<const account> who, request_trace trace);

}  // namespace airi::gateway
