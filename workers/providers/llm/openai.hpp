// Chat completions as OpenAI defined them, streamed, in the dialect of each vendor of openai_dialects.hpp.
#pragma once

#include <memory>
#include <string>

#include "platform/base/rotated_secret.hpp"
#include "platform/http/client.hpp"
#include "workers/providers/llm/decoder.hpp"
#include "workers/providers/llm/openai_dialects.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

struct openai_config {
    openai_dialect dialect;
    std::string base_url;  ///< up to and including /v1; for Azure the resource's endpoint
    rotated_secret key;
    std::string azure_api_version{};  ///< empty: the prompt's, else a recent one
    std::string azure_deployment{};   ///< empty: the prompt's model
};

/// `client` must outlive the provider and its streams.
std::unique_ptr<chat_provider> openai_provider(openai_config, http::client& client, executor);
/// `usage_parent`: as in openai_dialect.
std::unique_ptr<decoder> openai_decoder(std::string_view usage_parent);

}  // namespace airi::workers::providers
