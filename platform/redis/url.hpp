// Reads redis://[user][:password@]host[:port][/db]. Used by the connection only.
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
};

/// None for anything that is not such a URL. User and password may be percent-encoded; an IPv6 host stands in
/// brackets.
std::optional<address> parse_url(const secret& url);

}  // namespace airi::redis
