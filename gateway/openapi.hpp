// The OpenAPI 3.1 document of the route tables and schemas/api. Served at /openapi.json, shown at /docs.
#pragma once

#include <string>

namespace airi::gateway {

/// Made once: the same bytes for every program of one source.
const std::string& openapi_document();

}  // namespace airi::gateway
