// Paths without a version, which go on working: an answer says since when they are deprecated and where to go (RFC
// 9745, 8288). Used by the service.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace airi::gateway {

/// Adds `Deprecation` and a `Link` to the path that stays, when `path` (percent-decoded) is one of them.
void add_deprecation(std::string_view path, std::vector<std::pair<std::string, std::string>>& to);

}  // namespace airi::gateway
