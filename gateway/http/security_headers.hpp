// The security headers of every answer. Used by the transport, which leaves out the ones an answer brings itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace airi::gateway {

/// For JSON; the pages bring a content security policy of their own.
extern const std::vector<std::pair<std::string, std::string>> security_headers;

}  // namespace airi::gateway
