// One chat request over HTTP: sending it, telling refusals apart, and the stream of its pieces with the time
// limits for content. Used by every provider over HTTP.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "platform/http/client.hpp"
#include "workers/providers/llm/decoder.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

/// How long a provider has asked to be left alone.
class pause_note {
public:
    void ask(milliseconds length) { until_ = std::chrono::steady_clock::now() + length; }
    milliseconds left() const;

private:
    std::chrono::steady_clock::time_point until_{};
};

struct chat_call {
    std::string provider;  ///< for the log
    http::request what;    ///< its limits are set by `open_chat`
    std::unique_ptr<decoder> how;
    time_limits bound;
    std::shared_ptr<pause_note> pause;
};

/// Ends when the provider has accepted the request. `with` outlives the stream.
awaitable<result<std::unique_ptr<chat_stream>>> open_chat(http::client& with, executor on, chat_call call);

}  // namespace airi::workers::providers
