// A reply in OpenAI's shapes: chat.completion.chunk events, or one chat.completion. Used by routes/openai.cpp. The
// expectations of the SDKs are in openai-node src/core/streaming.ts.
#pragma once

#include <memory>
#include <string>

#include "gateway/messaging/reply_stream.hpp"

namespace airi::gateway::openai {

struct completion {
    std::string id;     ///< chatcmpl-…
    std::string model;  ///< as the caller named it
    long long created;  ///< unix time in seconds
};

/// The chunks, in the order of the reply's frames, then [DONE]. `include_usage`: the token counts come before that.
std::unique_ptr<text_stream> completion_stream(watch_scope, completion, bool include_usage);

/// Waits for the reply, for 300 s at most.
awaitable<route_result> whole_completion(watched_message, completion);

}  // namespace airi::gateway::openai
