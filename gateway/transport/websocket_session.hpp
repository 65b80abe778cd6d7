// One WebSocket from its handshake to its end: bounded queue out, one message at a time in, pings, close
// codes. Started by the HTTP session when the application has accepted an upgrade.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "gateway/transport/connection.hpp"

namespace airi::gateway {

/// What the handshake answers; `key` is the client's Sec-WebSocket-Key.
struct handshake {
    std::string key;
    std::string subprotocol;
    std::string request_id;
};

/// Serves the socket in a coroutine of its own and returns at once.
void serve_socket(std::shared_ptr<session_host> host, boost::asio::ip::tcp::socket socket,
    connection_limits::permit place, handshake with, std::shared_ptr<websocket_handler> peer);

}  // namespace airi::gateway
