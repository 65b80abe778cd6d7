// The parts of an http(s) URL that a client needs. Used by the client only.
#pragma once

#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace airi::http {

struct url {
    bool tls = false;
    std::string host;  ///< lower case, an IPv6 address without its brackets
    std::string port;
    std::string authority;  ///< the Host header: with the port unless it is the scheme's default
    std::string target;     ///< path and query, never empty

    /// Requests with the same key may share connections.
    std::string pool_key() const { return (tls ? "https:" : "http:") + host + ':' + port; }
};

/// http or https, without user info; a fragment is dropped. Bytes that could split a request line are
/// rejected.
result<url> parse_url(std::string_view text);

/// https, or http to this machine: a key may be sent there.
bool is_safe(std::string_view text);

}  // namespace airi::http
