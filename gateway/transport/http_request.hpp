// The header of an HTTP request, read strictly (RFC 9112): bytes in, our own request or a refusal out; no
// socket. Used by the HTTP session and by its fuzz target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/http/application.hpp"

namespace airi::gateway {

/// What is wrong with a request; the connection ends after the answer.
struct refusal {
    unsigned status;
    std::string_view code;
    std::string_view message;
};

struct request_head {
    request in;  ///< all but body and address
    std::uint64_t content_length = 0;
    bool http_1_0 = false;
    bool keep_alive = true;
    bool expects_continue = false;
    bool is_head = false;
    bool websocket = false;  ///< asks for an upgrade to WebSocket
};

/// Reads a whole header with its final empty line. Refuses what RFC 9112 forbids or leaves to taste, and
/// every Transfer-Encoding: a body has a Content-Length or does not exist.
std::optional<refusal> read_head(std::string_view raw, std::span<const std::string> hosts, request_head& head);

/// Whether `raw` holds a line end that is not CR LF, i.e. can never become a valid header.
bool has_bad_line(std::string_view raw) noexcept;

}  // namespace airi::gateway
