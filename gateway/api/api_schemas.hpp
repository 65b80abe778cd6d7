// The JSON Schemas of request and response bodies, schemas/api, as one document. Used by the service to validate and by
// the OpenAPI document.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/schema/schema.hpp"

namespace airi::gateway {

/// {"$defs":{…}} of all files; a name stands in one file only.
const std::string& api_schemas();

/// The validator of a definition; all are made at the first call, and read without a lock. Throws std::out_of_range for
/// a name that is not there.
const schema::validator& api_schema(std::string_view name);

/// The members of a definition whose texts are screened when they are saved: those with "x-screened".
const std::vector<std::string>& screened_members(std::string_view name);

}  // namespace airi::gateway
