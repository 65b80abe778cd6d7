// Anthropic's Messages API, streamed (docs.anthropic.com/en/api/messages-streaming).
#pragma once

#include <memory>
#include <string>

#include "platform/base/secret.hpp"
#include "platform/http/client.hpp"
#include "workers/providers/llm/decoder.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

struct anthropic_config {
    std::string base_url;  ///< up to and including /v1
    secret key;
};

/// `with` outlives the provider and its streams.
std::unique_ptr<chat_provider> anthropic_provider(anthropic_config config, http::client& with, executor on);
std::unique_ptr<decoder> anthropic_decoder();
/// The request's body: the system turns apart, then turns of user and assistant by turns, the user's first.
std::string anthropic_body(const prompt& what);

}  // namespace airi::workers::providers
