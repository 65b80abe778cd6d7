#include "gateway/openai/read_request.hpp"

#include <fmt/format.h>

#include <optional>

namespace airi::gateway::openai {
namespace {

constexpr std::size_t max_parameters = 512 * 1024;  // bytes, of chat_requested

problem invalid_request(std::string message) { return {400, "invalid_request", std::move(message)}; }
problem missing_parameter(std::string message) { return {400, "missing_required_parameter", std::move(message)}; }

// The text of a message: a string, or the text parts of a list.
std::string text_of(json::value content) {
    if (const auto text = content.string()) return std::string(*text);
    std::string out;
    content.each([&](json::value part) {
        if (part["type"].string() == "text") out += part["text"].string().value_or("");
    });
    return out;
}

struct conversation_turns {
    json::array list;
    std::string last_user;  // the text to be answered
};

std::variant<conversation_turns, problem> read_turns(json::value messages) {
    if (messages.size() == 0) return missing_parameter("messages must be a non-empty array");
    conversation_turns out;
    messages.each([&](json::value m) {
        const auto role = *m["role"].string();
        auto text = text_of(m["content"]);
        out.list.add(json::object().add("role", role).add("content", text));
        if (role == "user") out.last_user = std::move(text);
    });
    if (out.last_user.empty()) return invalid_request("messages must include one with role user and text content");
    return out;
}

std::optional<problem> read_parameters(json::value body, json::object& out) {
    auto max_tokens = body["max_completion_tokens"];
    if (!max_tokens.integer()) max_tokens = body["max_tokens"];
    if (const auto given = max_tokens.integer()) out.add("max_tokens", *given);
    for (const auto* name : {"temperature", "top_p"})
        if (const auto given = body[name].number()) out.add(name, *given);
    if (body["tools"].size() > 0) out.add("tools", true);
    if (body["n"].integer().value_or(1) != 1) return problem{400, "unsupported_value", "n must be 1"};
    return std::nullopt;
}

}  // namespace

problem no_such_model(std::string_view model) {
    return {
        404, "model_not_found", fmt::format("the model '{}' does not exist or you do not have access to it", model)};
}

std::variant<completion_request, problem> read_request(
    json::value body, const catalogue_rows& catalogue, const account& caller) {
    const auto model = body["model"].string();
    if (!model || model->empty()) return missing_parameter("model is required");
    if (!catalogue.offers(*model, caller)) return no_such_model(*model);
    auto read = read_turns(body["messages"]);
    if (auto* fault = std::get_if<problem>(&read)) return std::move(*fault);
    auto& turns = std::get<conversation_turns>(read);
    json::object parameters;
    parameters.add_raw("turns", turns.list.text());
    if (auto fault = read_parameters(body, parameters)) return std::move(*fault);
    completion_request out;
    out.model = *model;
    out.stream = body["stream"].boolean().value_or(false);
    out.include_usage = body["stream_options"]["include_usage"].boolean().value_or(false);
    out.order.content = std::move(turns.last_user);
    out.order.model = out.model;
    out.order.parameters = parameters.text();
    out.order.listed = false;
    if (out.order.parameters.size() > max_parameters)
        return problem{400, "context_length_exceeded",
            fmt::format("messages and parameters must be at most {} bytes together", max_parameters)};
    return out;
}

}  // namespace airi::gateway::openai
