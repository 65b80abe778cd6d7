// Paths without a version are deprecated but stay: their answers say since when, and name the path to use (RFC 9745,
// RFC 8288). Used by the dispatcher.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace airi::gateway {

/// Adds `Deprecation` and `Link` to `headers` when `path` (percent-decoded) is such a path.
void add_deprecation(std::string_view path, std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace airi::gateway
