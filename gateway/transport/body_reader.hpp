// Reads the body of a request from its connection, with a length or in chunks. Used by the HTTP session.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "gateway/transport/connection.hpp"
#include "gateway/transport/http_request.hpp"
#include "gateway/transport/input_buffer.hpp"

namespace airi::gateway {

struct body_source {
    boost::asio::ip::tcp::socket& socket;
    input_buffer& in;  ///< what has been received already
    const session_limits& limits;
    steady::time_point& deadline;  ///< moves as the body arrives
};

enum class body_end { whole, too_large, malformed, gone };

/// Reads at most `limit` bytes into the head's request. The bytes behind the body stay in `in`.
awaitable<body_end> read_body(body_source source, request_head& head, std::size_t limit);

}  // namespace airi::gateway
