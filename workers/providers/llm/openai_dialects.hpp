// The vendors with OpenAI's API, one row each: everything by which they differ. A new vendor is a row here, prices in a
// profile of sql/profiles/ and its two settings in compose.yaml; tests/workers/providers/openai_dialects_test.cpp walks
// the rows.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace airi::workers::providers {

struct openai_dialect {
    std::string_view name;         ///< as in model_prices, plans and logs
    std::string_view description;  ///< for --help
    std::string_view key_setting;  ///< without this setting the provider does not exist
    std::string_view url_setting;  ///< the base URL of another server; required if `host` is empty
    std::string_view host{};
    std::string_view path{};  ///< completes a base URL without a path
    std::string_view key_header = "Authorization";
    std::string_view key_prefix = "Bearer ";
    std::string_view max_tokens_field = "max_tokens";
    std::string_view max_tokens_field_elsewhere{};  ///< for a server that url_setting names; empty: the same
    bool wants_usage = true;                        ///< sends stream_options.include_usage
    std::string_view usage_parent{};                ///< the member of a chunk that has a `usage` too; empty: none
    bool azure = false;                             ///< the URL has the deployment and the API's version
    std::span<const std::string_view> lacks{};      ///< of passed_parameters: those that its API rejects
};

// https://console.groq.com/docs/openai#currently-unsupported-openai-features
inline constexpr std::array<std::string_view, 4> groq_lacks{"logit_bias", "logprobs", "top_logprobs", "verbosity"};

inline constexpr std::string_view newer_max_tokens_field = "max_completion_tokens";
inline constexpr std::string_view recent_azure_api_version = "2024-10-21";

inline constexpr std::array openai_dialects{
    // All of OpenAI's models accept max_completion_tokens; older compatible servers accept max_tokens only.
    openai_dialect{.name = "openai",
        .description = "OpenAI, or any server with its API.",
        .key_setting = "OPENAI_API_KEY",
        .url_setting = "OPENAI_BASE_URL",
        .host = "https://api.openai.com",
        .path = "/v1",
        .max_tokens_field = newer_max_tokens_field,
        .max_tokens_field_elsewhere = "max_tokens"},
    // Usage is in x_groq.usage of the final chunk:
    // https://github.com/groq/groq-python/blob/main/src/groq/types/chat/chat_completion_chunk.py (class XGroq)
    openai_dialect{.name = "groq",
        .description = "Groq.",
        .key_setting = "GROQ_API_KEY",
        .url_setting = "GROQ_BASE_URL",
        .host = "https://api.groq.com",
        .path = "/openai/v1",
        .max_tokens_field = newer_max_tokens_field,
        .usage_parent = "x_groq",
        .lacks = groq_lacks},
    // https://learn.microsoft.com/azure/ai-services/openai/reference; older API versions know neither
    // max_completion_tokens nor stream_options (see openai.cpp).
    openai_dialect{.name = "azure",
        .description = "Azure OpenAI.",
        .key_setting = "AZURE_OPENAI_API_KEY",
        .url_setting = "AZURE_OPENAI_ENDPOINT",
        .key_header = "api-key",
        .key_prefix = "",
        .max_tokens_field = newer_max_tokens_field,
        .azure = true},
};

}  // namespace airi::workers::providers
