// The lists of models and the version each provider answers with.
// Used by answer.cpp.
#pragma once

#include <string>

#include "tests/support/standin/provider.hpp"

namespace airi::standin {

std::string catalogue_json(const route& asked);

}  // namespace airi::standin
