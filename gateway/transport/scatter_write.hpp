// Writes a header and a body as far as the socket takes them without waiting. Used by the HTTP session.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "platform/base/result.hpp"

namespace airi::gateway {

using two_buffers = std::array<boost::asio::const_buffer, 2>;

/// True when all is written; otherwise `left` is the rest, and `ec` the reason.
inline bool write_some(boost::asio::ip::tcp::socket& socket, two_buffers& left, error_code& ec) {
    for (;;) {
        auto count = socket.write_some(left, ec);
        if (ec) return false;
        for (auto& part : left) {
            const auto taken = std::min(count, part.size());
            part += taken;
            count -= taken;
        }
        if (left[0].size() + left[1].size() == 0) return true;
    }
}

}  // namespace airi::gateway
