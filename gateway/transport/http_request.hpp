// The header of an HTTP request, read strictly (RFC 9112): bytes in, a request or a rejection out; no socket. Used by
// the HTTP session and by its fuzz target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/http/application.hpp"

namespace airi::gateway {

/// Why a request is rejected; the connection ends after the answer.
struct refusal {
    unsigned status;
    std::string_view code;
    std::string_view message;
};

struct request_head {
    gateway::request request;  ///< all but body and address
    std::uint64_t content_length = 0;
    bool chunked = false;  ///< the body comes in chunks, of a length that is not known
    bool http_1_0 = false;
    bool keep_alive = true;
    bool expects_continue = false;
    bool is_head = false;
    bool websocket = false;  ///< asks for an upgrade to WebSocket
};

/// The names in `Host` that are served, in lower case without port; none allows any. A peer on this machine may use the
/// machine's own names too, and any peer the address that it has connected to (health checks of balancers).
struct served_hosts {
    std::span<const std::string> names;
    bool peer_is_here = false;
    std::string_view own_address = {};  ///< that the peer has connected to, as text
};

/// Reads a whole header with its final empty line. Rejects everything that RFC 9112 forbids or makes optional to
/// reject, and every Transfer-Encoding but `chunked` alone.
std::optional<refusal> read_head(std::string_view raw, const served_hosts& hosts, request_head& head);

/// The value of the first line of `name`, in lower case, of a header that may be cut or malformed; empty without one.
std::string_view field_in(std::string_view raw, std::string_view name) noexcept;

/// Whether `raw` has a line end that is not CR LF, so that it can never become a valid header.
bool has_bad_line(std::string_view raw) noexcept;

}  // namespace airi::gateway
