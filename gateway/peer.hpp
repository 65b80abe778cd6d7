// One WebSocket client as the product sees it: its frames in, the frames of its channels out.
#pragma once

#include <memory>
#include <string>

#include "gateway/application.hpp"
#include "gateway/services.hpp"

namespace airi::gateway {

std::shared_ptr<socket_peer> make_peer(services& use, std::shared_ptr<const account> who, std::string traceparent);

}  // namespace airi::gateway
