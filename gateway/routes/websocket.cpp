// The paths of WebSocket handshakes, which gateway/api/websocket_upgrade.cpp answers; other requests to them get 426.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

// With the Upgrade header, RFC 9110 15.5.22.
awaitable<route_result> require_upgrade(exchange&) {
    problem out{426, "UPGRADE_REQUIRED",
        "the path answers WebSocket handshakes only; a proxy in between must forward Connection and Upgrade"};
    out.headers = {{"Upgrade", "websocket"}};
    co_return out;
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "=/ws",
        .also = "=/api/v1/ws =/api/ws",
        .access = access::anyone,
        .handler = require_upgrade,
        .opens_socket = true},
    route{.method = verb::get,
        .path = "=/ws/conversation/{user_id}",
        .access = access::anyone,
        .handler = require_upgrade,
        .opens_socket = true},
};

}  // namespace

extern const std::span<const route> websocket{rows};

}  // namespace airi::gateway::routes
