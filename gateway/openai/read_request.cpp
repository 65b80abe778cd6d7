#include "gateway/openai/read_request.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "gateway/openai/turns.hpp"
#include "platform/base/utf8.hpp"

namespace airi::gateway::openai {
namespace {

constexpr std::size_t max_parameters = 512 * 1024;  // bytes, of chat_requested

// They go to the provider as they are; workers/providers/provider.hpp has the same names.
constexpr std::array<std::string_view, 15> passed{"temperature", "top_p", "stop", "seed", "presence_penalty",
    "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "reasoning_effort", "verbosity", "response_format",
    "tools", "tool_choice", "parallel_tool_calls"};

bool is_given(json::value parameter) {
    const bool is_empty = parameter.type() == json::kind::array && parameter.size() == 0;
    return parameter.exists() && !parameter.is_null() && !is_empty;
}

// A provider that lacks a parameter need not have its default.
bool is_default(std::string_view name, json::value parameter) {
    if (name == "response_format") return parameter["type"].string() == "text";
    if (name == "top_logprobs") return parameter.integer() == 0;
    if (name == "top_p") return parameter.number() == 1.0;
    if (name.ends_with("_penalty")) return parameter.number() == 0.0;
    return name == "logprobs" && parameter.boolean() == false;
}

std::string tool_of(json::value function) {
    return json::object().add("type", "function").add_raw("function", function.text()).text();
}

// The older form of tools, as tools.
void add_functions(json::value body, json::object& out) {
    json::array tools;
    body["functions"].each([&](json::value function) { tools.add_raw(tool_of(function)); });
    out.add_raw("tools", tools.text()).add("parallel_tool_calls", false);
    const auto choice = body["function_call"];
    if (is_given(choice)) out.add_raw("tool_choice", choice.string() ? choice.text() : tool_of(choice));
}

// A choice needs tools to choose from.
std::optional<problem> check_tools(json::value body) {
    const bool has_tools = is_given(body["tools"]), has_functions = is_given(body["functions"]);
    if (has_tools && has_functions)
        return openai_fault("invalid_value", "functions", "functions and tools exclude each other");
    for (const auto* name : {"tool_choice", "parallel_tool_calls"})
        if (is_given(body[name]) && !has_tools)
            return openai_fault("invalid_value", name, fmt::format("{} is only allowed with tools", name));
    if (is_given(body["function_call"]) && !has_functions)
        return openai_fault("invalid_value", "function_call", "function_call is only allowed with functions");
    for (const auto& [name, word] : {std::pair{"tool_choice", body["tool_choice"].string()},
             std::pair{"function_call", body["function_call"].string()}})
        if (word && *word != "none" && *word != "auto" && *word != "required")
            return openai_fault(
                "invalid_value", name, fmt::format("{} must be none, auto, required or an object", name));
    return std::nullopt;
}

std::optional<problem> read_parameters(json::value body, json::object& out) {
    if (body["n"].integer().value_or(1) != 1) return openai_fault("unsupported_value", "n", "n must be 1");
    if (auto fault = check_tools(body)) return fault;
    const auto top = body["top_logprobs"];
    if (is_given(top) && !is_default("top_logprobs", top) && body["logprobs"].boolean() != true)
        return openai_fault("invalid_value", "top_logprobs", "top_logprobs is only allowed with logprobs");
    if (body["response_format"]["type"].string() == "json_schema" && !is_given(body["response_format"]["json_schema"]))
        return openai_fault("missing_required_parameter", "response_format.json_schema",
            "response_format.json_schema is required for its type");
    auto max_tokens = body["max_completion_tokens"];
    if (!is_given(max_tokens)) max_tokens = body["max_tokens"];
    if (const auto given = max_tokens.integer()) out.add("max_tokens", *given);
    for (const auto name : passed)
        if (const auto given = body[name]; is_given(given) && !is_default(name, given)) out.add_raw(name, given.text());
    if (is_given(body["functions"])) add_functions(body, out);
    return std::nullopt;
}

}  // namespace

problem no_such_model(std::string_view model) {
    auto out = openai_fault("model_not_found", "model",
        fmt::format("the model '{}' does not exist or you do not have access to it", model));
    out.status = 404;
    return out;
}

std::variant<completion_request, problem> read_request(
    json::value body, const catalogue_rows& catalogue, const account& caller) {
    const auto model = body["model"].string();
    if (!model || model->empty()) return openai_fault("missing_required_parameter", "model", "model is required");
    if (!catalogue.offers(*model, caller)) return no_such_model(*model);
    auto read = read_turns(body["messages"]);
    if (auto* fault = std::get_if<problem>(&read)) return std::move(*fault);
    auto& turns = std::get<turn_list>(read);
    if (const auto most = catalogue.number("message_max_characters");
        std::cmp_greater(code_points(turns.question), most))
        return openai_fault("string_above_max_length", "messages",
            fmt::format("the message to be answered must be at most {} characters", most));
    json::object parameters;
    parameters.add_raw("turns", turns.json);
    if (auto fault = read_parameters(body, parameters)) return std::move(*fault);
    completion_request out;
    out.model = *model;
    out.stream = body["stream"].boolean().value_or(false);
    out.include_usage = body["stream_options"]["include_usage"].boolean().value_or(false);
    out.functions = is_given(body["functions"]);
    out.order.content = std::move(turns.question);
    out.order.model = out.model;
    out.order.parameters = parameters.text();
    out.order.listed = false;
    if (out.order.parameters.size() > max_parameters)
        return openai_fault("context_length_exceeded", "messages",
            fmt::format("messages and parameters must be at most {} bytes together", max_parameters));
    return out;
}

}  // namespace airi::gateway::openai
