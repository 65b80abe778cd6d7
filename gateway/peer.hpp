// One WebSocket client as the product sees it: its frames in, the frames of its channels out.
#pragma once

#include <memory>
#include <string>

#include "gateway/application.hpp"
#include "gateway/send.hpp"

namespace airi::gateway {

std::shared_ptr<socket_peer> make_peer(services& use, std::shared_ptr<const account> who, request_trace trace);

}  // namespace airi::gateway
