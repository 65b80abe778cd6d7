// The table of chat providers: the settings alone decide which exist. Used by the mains of the workers that call
// models.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "platform/base/secret.hpp"
#include "platform/base/settings.hpp"
#include "platform/http/client.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

/// Each member is the environment variable of that name. Without a key (or host) the provider does not exist; an empty
/// base URL means the provider's own.
struct provider_settings {
    secret openai_api_key;
    std::string openai_base_url;
    secret anthropic_api_key;
    std::string anthropic_base_url;
    secret groq_api_key;
    std::string groq_base_url;
    secret azure_openai_api_key;
    std::string azure_openai_endpoint;
    std::string azure_openai_deployment;
    std::string azure_openai_api_version = "2024-10-21";
    std::string ollama_host;
    double simulated_tokens_per_second = 40;
    std::int64_t simulated_first_token_ms = 250;

    static constexpr auto settings = std::tuple{
        setting{"OPENAI_API_KEY", &provider_settings::openai_api_key, "OpenAI, or any server with its API."},
        setting{"OPENAI_BASE_URL", &provider_settings::openai_base_url, "Its base URL, up to /v1."},
        setting{"ANTHROPIC_API_KEY", &provider_settings::anthropic_api_key, "Anthropic."},
        setting{"ANTHROPIC_BASE_URL", &provider_settings::anthropic_base_url, "Its base URL."},
        setting{"GROQ_API_KEY", &provider_settings::groq_api_key, "Groq."},
        setting{"GROQ_BASE_URL", &provider_settings::groq_base_url, "Its base URL, up to /openai/v1."},
        setting{"AZURE_OPENAI_API_KEY", &provider_settings::azure_openai_api_key, "Azure OpenAI."},
        setting{"AZURE_OPENAI_ENDPOINT", &provider_settings::azure_openai_endpoint, "The resource's URL."},
        setting{"AZURE_OPENAI_DEPLOYMENT", &provider_settings::azure_openai_deployment,
            "The deployment; empty: the model's name."},
        setting{"AZURE_OPENAI_API_VERSION", &provider_settings::azure_openai_api_version, "The API version."},
        setting{"OLLAMA_HOST", &provider_settings::ollama_host, "A local Ollama, http://host:11434."},
        setting{"SIMULATED_TOKENS_PER_SECOND", &provider_settings::simulated_tokens_per_second,
            "Pace of the simulated provider."},
        setting{
            "SIMULATED_FIRST_TOKEN_MS", &provider_settings::simulated_first_token_ms, "Its time to the first token."},
    };
};

/// The simulated provider is always there, and last. `client` must outlive them.
provider_list from_settings(const provider_settings& settings, http::client& client, executor);

}  // namespace airi::workers::providers
