// The lists of models and the version that each provider returns.
#pragma once

#include <string>

#include "tests/support/stub_provider/provider.hpp"

namespace airi::stub_provider {

std::string catalogue_json(const route& asked);

}  // namespace airi::stub_provider
