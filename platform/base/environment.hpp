// The part of the environment that all programs have in common, beside their tables of settings: names that products
// document, the defaults of each AIRI_ENV, and the values that some names are limited to. Used by settings.cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace airi {

using variables = std::map<std::string, std::string>;

/// Whether the name is there with a value.
bool has_value(const variables&, const std::string& name);

/// AIRI_ENV from NODE_ENV, and REDIS_URL from REDIS_HOST and REDIS_PORT, where ours are missing; REDIS_PASSWORD in a
/// REDIS_URL without one.
void add_documented_names(variables&);

/// The values of names that are missing and that AIRI_ENV (development when missing) decides:
/// development: LOG_LEVEL=debug, ENABLE_RATE_LIMITING=false; test and staging: LOG_LEVEL=info; production:
/// LOG_LEVEL=error.
void add_environment_defaults(variables&);

/// A sentence for each of AIRI_ENV, AIRI_PROFILE and LOG_LEVEL whose value is none of theirs.
std::vector<std::string> closed_name_mistakes(const variables&);

}  // namespace airi
