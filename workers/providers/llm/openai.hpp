// Chat completions as OpenAI defined them, streamed: OpenAI, Groq, Azure and whatever else speaks them at a
// base URL.
#pragma once

#include <memory>
#include <string>

#include "platform/base/secret.hpp"
#include "platform/http/client.hpp"
#include "workers/providers/llm/decoder.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

struct openai_config {
    std::string name = "openai";
    std::string base_url{};  ///< up to and including /v1; for Azure the resource's endpoint
    secret key{};
    /// The newer name knows all models of OpenAI; older imitations know only max_tokens.
    std::string max_tokens_field = "max_tokens";
    bool wants_usage = true;  ///< sends stream_options.include_usage
    /// Azure when not empty: the key goes into `api-key`, and the model is the deployment.
    std::string azure_api_version{};
    std::string azure_deployment{};  ///< empty: the prompt's model names it
};

/// `with` outlives the provider and its streams.
std::unique_ptr<chat_provider> openai_provider(openai_config config, http::client& with, executor on);
std::unique_ptr<decoder> openai_decoder();

}  // namespace airi::workers::providers
