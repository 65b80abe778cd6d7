// Reads the body of POST /v1/chat/completions into a message order. Pure. Used by routes/openai.cpp. Shapes as in
// openai/openai-openapi.
#pragma once

#include <string>
#include <variant>

#include "gateway/messaging/submit_message.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway::openai {

struct completion_request {
    message_order order;
    std::string model;
    bool stream = false;
    bool include_usage = false;
    bool functions = false;  ///< the older form of tools: the reply has function_call
};

/// `body` fits the schema ChatCompletionCreate. A problem with one of OpenAI's codes when it cannot be answered. The
/// caller's plan decides which models it may name.
std::variant<completion_request, problem> read_request(
    json::value body, const catalogue_rows& catalogue, const account& caller);

problem no_such_model(std::string_view model);

}  // namespace airi::gateway::openai
