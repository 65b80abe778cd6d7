// The models that each provider has, the list of them that it returns, and its version.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/stub_provider/provider.hpp"

namespace airi::stub_provider {

std::string catalogue_json(const route& asked);

// Whether the provider accepts requests for this id. Azure's ids are deployments, Ollama's may leave out ":latest".
bool knows_model(provider vendor, std::string_view id);

}  // namespace airi::stub_provider
