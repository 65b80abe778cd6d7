// One WebSocket from its handshake to its end: a bounded queue of frames out, one message at a time in, pings, close
// codes. Started by the HTTP session when the application has accepted an upgrade.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "gateway/transport/connection.hpp"

namespace airi::gateway {

/// The values of the handshake's answer; `key` is the client's Sec-WebSocket-Key.
struct handshake {
    std::string key;
    std::string subprotocol;
    std::string request_id;
    milliseconds ping_every{0};  ///< 0: as the server's limits say
};

/// Serves the socket in a coroutine of its own and returns at once.
void serve_socket(std::shared_ptr<session_host> host, boost::asio::ip::tcp::socket socket,
    connection_limits::permit place, handshake values, std::shared_ptr<websocket_handler> handler);

}  // namespace airi::gateway
