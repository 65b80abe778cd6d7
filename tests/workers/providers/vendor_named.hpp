// The settings of a vendor of openai_dialects.hpp by its name. Used by the provider tests.
#pragma once

#include <stdexcept>
#include <string>

#include "workers/providers/providers.hpp"

namespace airi::tests {

/// Throws std::invalid_argument for a name without a row.
inline workers::providers::vendor_settings::vendor& vendor_named(
    workers::providers::provider_settings& settings, std::string_view name) {
    const auto& rows = workers::providers::openai_dialects;
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows[i].name == name) return settings.vendors[i];
    throw std::invalid_argument("openai_dialects.hpp has no row " + std::string(name));
}

}  // namespace airi::tests
