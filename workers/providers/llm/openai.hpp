// Chat completions as OpenAI defined them, streamed: OpenAI, Groq, Azure, and any compatible server at a base URL.
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
    /// All of OpenAI's models accept max_completion_tokens; older compatible servers accept max_tokens only.
    std::string max_tokens_field = "max_tokens";
    bool wants_usage = true;  ///< sends stream_options.include_usage
    /// Not empty: Azure. The key is sent in `api-key`, and the model is the deployment.
    std::string azure_api_version{};
    std::string azure_deployment{};  ///< empty: the prompt's model
};

/// `client` must outlive the provider and its streams.
std::unique_ptr<chat_provider> openai_provider(openai_config, http::client& client, executor);
std::unique_ptr<decoder> openai_decoder();

}  // namespace airi::workers::providers
