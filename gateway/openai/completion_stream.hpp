// A reply in OpenAI's shapes: chat.completion.chunk events, or one chat.completion. Used by routes/openai.cpp. The
// expectations of the SDKs are in openai-node src/core/streaming.ts.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "gateway/messaging/reply_stream.hpp"

namespace airi::gateway::openai {

struct completion {
    std::string id;          ///< chatcmpl-…
    std::string model;       ///< as the caller named it; the response has the one that answered
    long long created;       ///< unix time in seconds
    bool functions = false;  ///< calls are written in the older form
};

/// The chunks, in the order of the reply's frames, then [DONE]. `include_usage`: the token counts come before that. A
/// reply that fails before its first piece, and within 10 s, is a problem; a later failure is an error in the stream.
awaitable<std::variant<std::unique_ptr<text_stream>, problem>> completion_stream(
    watch_scope, completion, bool include_usage);

/// Waits for the reply, for 300 s at most.
awaitable<route_result> whole_completion(watch_scope, completion);

}  // namespace airi::gateway::openai
