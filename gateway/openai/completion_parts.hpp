// The parts that a chat.completion and its chunks share, made from frames and stored replies. Pure.
#pragma once

#include <string>

#include "gateway/http/problem.hpp"
#include "gateway/realtime/replay.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway::openai {

/// The token counts of a stored reply.
std::string usage_of(json::value message);

/// Why a stored reply ended: "stop", "length", "content_filter", "tool_calls" or, in the older form, "function_call".
std::string finish_reason_of(json::value message, bool functions);

/// `calls` are those of a message, or parts of them in a delta: adds them as tool_calls, or the first as function_call.
void add_calls(json::object& to, json::value calls, bool functions);

/// {"content": […], "refusal": null}, or null for none.
std::string logprobs_of(std::string_view list);

/// The problem that a frame `held`, `rejected` or `failed` tells.
problem failure_of(events::frame_type, json::value data);

}  // namespace airi::gateway::openai
