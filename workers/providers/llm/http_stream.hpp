// One chat request over HTTP: sending it, classifying refusals, and the stream of its pieces with the time limits for
// content. Used by every provider over HTTP.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "platform/http/client.hpp"
#include "workers/providers/llm/decoder.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

/// How long a provider has asked us to wait.
class requested_pause {
public:
    void set(milliseconds length) { until_ = std::chrono::steady_clock::now() + length; }
    milliseconds left() const;

private:
    std::chrono::steady_clock::time_point until_{};
};

struct chat_call {
    std::string provider;   ///< for the log
    http::request request;  ///< `open_chat` sets its limits
    std::unique_ptr<providers::decoder> decoder;
    time_limits limits;
    std::shared_ptr<requested_pause> pause;
};

/// Returns when the provider has accepted the request. `client` must outlive the stream.
awaitable<result<std::unique_ptr<chat_stream>>> open_chat(http::client& client, executor, chat_call);

/// Gets an address of the provider's API; an error as a chat request would have it.
awaitable<result<>> probe_address(http::client& client, http::request, milliseconds limit);

}  // namespace airi::workers::providers
