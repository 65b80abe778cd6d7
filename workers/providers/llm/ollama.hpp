// Ollama's own chat API, newline-delimited JSON (github.com/ollama/ollama, docs/api.md).
#pragma once

#include <memory>
#include <string>

#include "platform/http/client.hpp"
#include "workers/providers/llm/decoder.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

struct ollama_config {
    std::string base_url;  ///< scheme, host and port
    bool assumed = false;  ///< as in chat_provider
};

/// `client` must outlive the provider and its streams.
std::unique_ptr<chat_provider> ollama_provider(ollama_config, http::client& client, executor);
std::unique_ptr<decoder> ollama_decoder();

}  // namespace airi::workers::providers
