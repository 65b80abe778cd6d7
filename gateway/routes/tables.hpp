// The route tables: gateway/routes/<domain>.cpp defines one, named <domain>. CMakeLists.txt makes the list of them.
#pragma once

#include <span>

#include "gateway/api/route.hpp"

namespace airi::gateway::routes {

/// The table of every domain, in the order of their names.
std::span<const std::span<const route>> tables();

/// For rows whose data is a profile: opens the birth date of the caller's own; another user's is null.
std::string open_profile(exchange&, json::value data);

}  // namespace airi::gateway::routes
