#include "gateway/openai/completion_parts.hpp"

#include <fmt/format.h>

namespace airi::gateway::openai {

std::string usage_of(json::value message) {
    const auto metadata = message["metadata"];
    const auto count = [&](std::string_view name) { return metadata[name].integer().value_or(0); };
    const auto in = count("tokens_in"), out = count("tokens_out");
    const auto cached = json::object().add("cached_tokens", count("tokens_cached")).text();
    const auto reasoning = json::object().add("reasoning_tokens", count("tokens_reasoning")).text();
    return json::object()
        .add("prompt_tokens", in)
        .add("completion_tokens", out)
        .add("total_tokens", in + out)
        .add_raw("prompt_tokens_details", cached)
        .add_raw("completion_tokens_details", reasoning)
        .text();
}

std::string finish_reason_of(json::value message, bool functions) {
    const auto reason = message["metadata"]["finish_reason"].string().value_or("stop");
    if (reason == "quota") return "length";  // OpenAI's API has no name of its own for it
    return functions && reason == "tool_calls" ? "function_call" : std::string(reason);
}

void add_calls(json::object& to, json::value calls, bool functions) {
    if (calls.size() == 0) return;
    if (!functions) {
        to.add_raw("tool_calls", calls.text());
        return;
    }
    bool first = true;
    calls.each([&](json::value call) {
        if (std::exchange(first, false) && call["index"].integer().value_or(0) == 0)
            to.add_raw("function_call", call["function"].text());
    });
}

std::string logprobs_of(std::string_view list) {
    if (list.empty()) return "null";
    return json::object().add_raw("content", list).add_raw("refusal", "null").text();
}

problem failure_of(events::frame_type type, json::value data) {
    constexpr std::string_view unsupported = "unsupported_parameter.";
    const auto code = data["code"].string().value_or("failed");
    if (type == events::frame_type::rejected && data["reason"].string() == "moderation_unavailable")
        return {503, "moderation_unavailable", "the messages could not be checked: send them again", "null", 5};
    if (type == events::frame_type::held)
        return {403, "content_under_review", "a person has to review the messages before they are answered"};
    if (type == events::frame_type::rejected)
        return openai_fault("content_policy_violation", "messages", "moderation rejected the message");
    if (code == "message_too_long")
        return openai_fault("context_length_exceeded", "messages",
            "the messages are longer than the context of the model and the plan");
    if (code == "quota_exceeded") return {429, "insufficient_quota", "today's tokens do not suffice for the messages"};
    if (code == "content_filtered" || code == "prompt_refused")
        return openai_fault(std::string(code), "messages", "the provider refused the messages or a parameter");
    if (code.starts_with(unsupported)) {
        const auto name = code.substr(unsupported.size());
        return openai_fault(
            "unsupported_parameter", std::string(name), fmt::format("no model that may answer supports '{}'", name));
    }
    return {503, std::string(code), fmt::format("the reply failed: {}", code), "null", 5};
}

}  // namespace airi::gateway::openai
