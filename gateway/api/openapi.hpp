// The OpenAPI 3.1 document, made from the route tables and schemas/api. Served at /openapi.json, shown at /docs.
#pragma once

#include <string>

#include "gateway/api/router.hpp"

namespace airi::gateway {

/// The same bytes for every program of one source.
std::string openapi_document(route_tables);

}  // namespace airi::gateway
