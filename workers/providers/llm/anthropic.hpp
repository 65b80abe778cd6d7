// Anthropic's Messages API, streamed (docs.anthropic.com/en/api/messages-streaming).
#pragma once

#include <memory>
#include <string>

#include "platform/base/rotated_secret.hpp"
#include "platform/http/client.hpp"
#include "workers/providers/llm/decoder.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

struct anthropic_config {
    std::string base_url;  ///< up to and including /v1
    rotated_secret key;
};

/// `client` must outlive the provider and its streams.
std::unique_ptr<chat_provider> anthropic_provider(anthropic_config, http::client& client, executor);
std::unique_ptr<decoder> anthropic_decoder();
/// The request's body: the system turns apart, then alternating turns of user and assistant, the user's first.
std::string anthropic_body(const prompt&);

}  // namespace airi::workers::providers
