// One HTTP connection from its first byte to its last, or to its upgrade to a WebSocket. Started by the listener.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "gateway/transport/connection.hpp"

namespace airi::gateway {

/// Serves the connection in a coroutine of the socket's executor and returns at once.
void serve_http(
    std::shared_ptr<session_host> host, boost::asio::ip::tcp::socket socket, connection_limits::permit place);

}  // namespace airi::gateway
