#include "tests/support/stub_provider/chat_request.hpp"

#include <simdjson.h>

#include "tests/support/stub_provider/text.hpp"

namespace airi::stub_provider {
namespace {

using simdjson::dom::element;

std::string text_or_empty(element vendor, std::string_view key) {
    std::string_view text;
    return vendor[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string{};
}

bool flag(element vendor, std::string_view key, bool absent) {
    bool value = absent;
    return vendor[key].get(value) == simdjson::SUCCESS ? value : absent;
}

// A content is a string, or an array of parts whose "text" parts count.
std::string content_text(element content) {
    std::string_view text;
    if (content.get(text) == simdjson::SUCCESS) return std::string(text);
    simdjson::dom::array parts;
    std::string out;
    if (content.get(parts) != simdjson::SUCCESS) return out;
    for (const element part : parts) {
        if (!out.empty()) out += '\n';
        out += text_or_empty(part, "text");
    }
    return out;
}

// Anthropic has results as parts of a user's message, the others as messages of their own.
bool read_results(chat_request& into, element message) {
    const auto note = [&into](element result) {
        element content;
        if (result["content"].get(content) == simdjson::SUCCESS) into.results += content_text(content) + '\n';
    };
    if (text_or_empty(message, "role") == "tool") {
        note(message);
        return true;
    }
    bool found = false;
    simdjson::dom::array parts;
    if (message["content"].get(parts) != simdjson::SUCCESS) return false;
    for (const element part : parts) {
        if (text_or_empty(part, "type") != "tool_result") continue;
        note(part);
        found = true;
    }
    return found;
}

// OpenAI and Ollama: {"function": {"name"}}; Anthropic: {"name"}.
void read_tools(chat_request& into, element root) {
    simdjson::dom::array tools;
    if (root["tools"].get(tools) != simdjson::SUCCESS) return;
    for (const element tool : tools) {
        element function;
        into.tools.push_back(
            text_or_empty(tool["function"].get(function) == simdjson::SUCCESS ? function : tool, "name"));
    }
}

void read_parameters(chat_request& into, element root) {
    simdjson::dom::object members;
    if (root.get(members) != simdjson::SUCCESS) return;
    for (const auto [name, value] : members) {
        if (name == "messages" || name == "system" || name == "model") continue;
        into.parameters += into.parameters.empty() ? "{" : ",";
        into.parameters += json_string(name) + ":" + simdjson::minify(value);
    }
    into.parameters += into.parameters.empty() ? "{}" : "}";
}

void read_messages(chat_request& into, simdjson::dom::array messages) {
    for (const element message : messages) {
        ++into.messages;
        into.has_results = read_results(into, message);
        if (into.has_results) continue;
        element content;
        if (message["content"].get(content) != simdjson::SUCCESS) continue;
        std::string text = content_text(content);
        into.prompt_words += count_words(text);
        const std::string role = text_or_empty(message, "role");
        if (role == "user")
            into.last_user = std::move(text);
        else if (role == "system" && into.system.empty())
            into.system = std::move(text);
    }
}

void read_max_tokens(chat_request& into, element root) {
    std::uint64_t value = 0;
    if (root["max_tokens"].get(value) == simdjson::SUCCESS ||
        root["max_completion_tokens"].get(value) == simdjson::SUCCESS ||
        root.at_pointer("/options/num_predict").get(value) == simdjson::SUCCESS) {
        into.max_tokens = value;
    }
}

}  // namespace

parsed_body parse_chat(const std::string& body, const route& to) {
    thread_local simdjson::dom::parser parser;
    parsed_body out;
    element root;
    if (parser.parse(body).get(root) != simdjson::SUCCESS || !root.is_object()) {
        out.wrong = body_fault::not_json;
        return out;
    }
    chat_request& asked = out.asked;
    asked.model = to.vendor == provider::azure ? to.deployment : text_or_empty(root, "model");
    asked.stream = flag(root, "stream", to.ndjson);
    element options;
    if (root["stream_options"].get(options) == simdjson::SUCCESS) {
        asked.include_usage = flag(options, "include_usage", false);
    }
    element system;
    if (to.vendor == provider::anthropic && root["system"].get(system) == simdjson::SUCCESS) {
        asked.system = content_text(system);
        asked.prompt_words += count_words(asked.system);
    }
    read_max_tokens(asked, root);
    simdjson::dom::array messages;
    if (asked.model.empty()) {
        out.wrong = body_fault::no_model;
    } else if (root["messages"].get(messages) != simdjson::SUCCESS) {
        out.wrong = body_fault::no_messages;
    } else if (to.vendor == provider::anthropic && asked.max_tokens == 0) {
        out.wrong = body_fault::no_max_tokens;
    }
    if (out.wrong == body_fault::none) read_messages(asked, messages);
    read_tools(asked, root);
    read_parameters(asked, root);
    return out;
}

}  // namespace airi::stub_provider
