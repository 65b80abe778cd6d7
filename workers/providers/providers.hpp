// The table of chat providers: which exist is decided by the settings alone. Used by the chat worker's main.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/secret.hpp"
#include "platform/http/client.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

/// Each member is the environment variable of that name. An empty key (or host) means that the provider does
/// not exist; an empty base URL means the provider's own.
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
};

/// In order of preference; the simulated one is always there, and last. `with` outlives them.
std::vector<std::unique_ptr<chat_provider>> from_settings(const provider_settings& settings,
                                                          http::client& with, executor on);

}  // namespace airi::workers::providers
