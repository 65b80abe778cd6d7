// Reads redis[s]://[user][:password@]host[:port][/db][?ca=file]. Used by the connection only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "platform/base/secret.hpp"

namespace airi::redis {

struct address {
    std::string host;
    std::uint16_t port = 6379;
    std::string user;
    secret password;
    int database = 0;
    bool tls = false;  ///< rediss://
    std::string ca;    ///< the file of the authorities that sign the server's certificate; empty: the system's
};

/// None for anything that is not such a URL. User, password and file may be percent-encoded; an IPv6 host stands in
/// brackets.
std::optional<address> parse_url(const secret& url);

}  // namespace airi::redis
