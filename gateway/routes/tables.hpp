// The route tables: gateway/routes/<domain>.cpp defines one, named <domain>. CMakeLists.txt makes the list of them.
#pragma once

#include <span>

#include "gateway/api/route.hpp"

namespace airi::gateway::routes {

/// The table of every domain, in the order of their names.
std::span<const std::span<const route>> tables();

}  // namespace airi::gateway::routes
