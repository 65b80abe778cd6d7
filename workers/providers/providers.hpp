// The table of chat providers: the settings alone decide which exist. Used by the modules of the workers that
// call models.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "platform/base/secret.hpp"
#include "platform/base/settings.hpp"
#include "platform/http/client.hpp"
#include "workers/providers/llm/openai_dialects.hpp"
#include "workers/providers/moderation/openai.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

inline constexpr std::chrono::days key_life{90};

/// The settings of the vendors of openai_dialects.hpp, row by row.
struct vendor_settings {
    struct vendor {
        rotated_secret api_key{};
        std::string base_url{};
    };
    std::array<vendor, openai_dialects.size()> vendors;
};

template <std::size_t... Row>
constexpr auto vendor_settings_table(std::index_sequence<Row...>) {
    using row = vendor_settings;
    return std::tuple_cat(std::tuple{
        element_setting{openai_dialects[Row].key_setting, &row::vendors, Row, &row::vendor::api_key,
            openai_dialects[Row].description, {.replaced_after = key_life}},
        element_setting{openai_dialects[Row].url_setting, &row::vendors, Row, &row::vendor::base_url, "Its base URL."},
    }...);
}

inline constexpr std::string_view default_ollama_host = "http://localhost:11434";

/// Each member is the environment variable of that name. Without a key (or host) the provider does not exist; a key of
/// a file follows the file. An empty base URL means the provider's own.
struct provider_settings : vendor_settings {
    rotated_secret anthropic_api_key;
    std::string anthropic_base_url;
    std::string azure_openai_deployment;
    std::string azure_openai_api_version;
    std::string ollama_host;
    double simulated_tokens_per_second = 40;
    std::int64_t simulated_first_token_ms = 250;

    static constexpr auto settings =
        std::tuple_cat(vendor_settings_table(std::make_index_sequence<openai_dialects.size()>{}),
            std::tuple{
                setting{"ANTHROPIC_API_KEY", &provider_settings::anthropic_api_key, "Anthropic.",
                    {.replaced_after = key_life}},
                setting{"ANTHROPIC_BASE_URL", &provider_settings::anthropic_base_url, "Its base URL."},
                setting{"AZURE_OPENAI_DEPLOYMENT", &provider_settings::azure_openai_deployment,
                    "Azure's deployment; empty: the model's name."},
                setting{"AZURE_OPENAI_API_VERSION", &provider_settings::azure_openai_api_version,
                    "Azure's API version; empty: the product's, else 2024-10-21."},
                setting{"OLLAMA_HOST", &provider_settings::ollama_host,
                    "An Ollama; empty: http://localhost:11434, for requests that name one of its models."},
                setting{"SIMULATED_TOKENS_PER_SECOND", &provider_settings::simulated_tokens_per_second,
                    "Pace of the simulated provider."},
                setting{"SIMULATED_FIRST_TOKEN_MS", &provider_settings::simulated_first_token_ms,
                    "Its time to the first token."},
            });
};

/// OpenAI's moderation API at the same address and with the same key as its chat.
moderation_account moderation_account_of(rotated_secret api_key, std::string_view url);

/// Ollama and the simulated provider are always there, the latter last. `client` must outlive them.
provider_list from_settings(const provider_settings& settings, http::client& client, executor);

}  // namespace airi::workers::providers
