#include "gateway/openai/turns.hpp"

#include <fmt/format.h>

namespace airi::gateway::openai {
namespace {

// The text of a message: a string, or the text parts of a list.
std::string text_of(json::value content) {
    if (const auto text = content.string()) return std::string(*text);
    std::string out;
    content.each([&](json::value part) {
        for (const auto* member : {"text", "refusal"}) out += part[member].string().value_or("");
    });
    return out;
}

class turn_reader {
public:
    // Returns the name of the member at fault; empty: none.
    std::string_view read(json::value m) {
        const auto role = *m["role"].string();
        const auto text = text_of(m["content"]);
        json::object out;
        if (role == "function") return read_function(m, text);
        out.add("role", role).add("content", text);
        if (role == "tool") {
            const auto call = m["tool_call_id"].string().value_or("");
            if (call.empty()) return "tool_call_id";
            out.add("tool_call_id", call);
        }
        if (role == "assistant") {
            if (m["tool_calls"].size() > 0) out.add_raw("tool_calls", m["tool_calls"].text());
            if (const auto call = m["function_call"]; call.type() == json::kind::object) {
                json::object one;
                one.add("id", legacy_id(++functions_)).add("type", "function").add_raw("function", call.text());
                out.add_raw("tool_calls", json::array().add(one).text());
            }
        }
        list_.add(out);
        note(role, text);
        return {};
    }

    turn_list take() { return {list_.text(), std::move(user_.empty() ? other_ : user_)}; }

private:
    static std::string legacy_id(int number) { return fmt::format("call_{}", number); }

    // A result of the older form belongs to the call before it.
    std::string_view read_function(json::value m, const std::string& text) {
        if (m["name"].string().value_or("").empty()) return "name";
        list_.add(json::object().add("role", "tool").add("content", text).add("tool_call_id", legacy_id(functions_)));
        note("tool", text);
        return {};
    }

    void note(std::string_view role, const std::string& text) {
        const bool is_blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
        if (is_blank || role == "system" || role == "developer") return;
        (role == "user" ? user_ : other_) = text;
    }

    json::array list_;
    std::string user_, other_;
    int functions_ = 0;
};

}  // namespace

std::variant<turn_list, problem> read_turns(json::value messages) {
    if (messages.size() == 0)
        return openai_fault("missing_required_parameter", "messages", "messages must be a non-empty array");
    turn_reader reader;
    std::size_t index = 0;
    std::string fault;
    messages.each([&](json::value m) {
        const auto member = fault.empty() ? reader.read(m) : std::string_view{};
        if (!member.empty()) fault = fmt::format("messages[{}].{}", index, member);
        ++index;
    });
    if (!fault.empty()) return openai_fault("missing_required_parameter", fault, fault + " is required for its role");
    auto out = reader.take();
    if (out.question.empty())
        return openai_fault("invalid_value", "messages", "messages must have a text beside the instructions");
    return out;
}

}  // namespace airi::gateway::openai
