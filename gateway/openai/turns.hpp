// The turns of POST /v1/chat/completions as the workers read them. Pure. Used by read_request. Shapes as in
// openai/openai-openapi.
#pragma once

#include <string>
#include <variant>

#include "gateway/http/problem.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway::openai {

struct turn_list {
    std::string json;      ///< [{role, content, tool_calls?, tool_call_id?}]: content is text, no role is `function`
    std::string question;  ///< the last text of a user; without one, of any but an instruction
};

/// `messages` fits the schema of ChatCompletionCreate. A problem that names the turn at fault.
std::variant<turn_list, problem> read_turns(json::value messages);

}  // namespace airi::gateway::openai
