#include "events/frames/schema.hpp"

#include <fmt/format.h>

#include <cctype>

#include "events/frames/all.hpp"

namespace airi::events {
namespace {

template <class Value>
struct schema_of;
template <>
struct schema_of<std::string> {
    static constexpr std::string_view text = R"({"type": "string"})";
};
template <>
struct schema_of<std::string_view> : schema_of<std::string> {};
template <>
struct schema_of<std::int64_t> {
    static constexpr std::string_view text = R"({"type": "integer"})";
};
template <>
struct schema_of<bool> {
    static constexpr std::string_view text = R"({"type": "boolean"})";
};
template <>
struct schema_of<instant> {
    static constexpr std::string_view text = R"({"$ref": "#/$defs/Time"})";
};
template <>
struct schema_of<json_text> {
    static constexpr std::string_view text = "{}";
};
template <class Tag>
struct schema_of<id<Tag>> {
    static constexpr std::string_view text = R"({"$ref": "#/$defs/Uuid"})";
};
// Null is written for an empty one that is required: such a field declares its schema itself.
template <class Value>
struct schema_of<std::optional<Value>> : schema_of<Value> {};

template <class Value>
std::string field_schema(const field_rules& rules) {
    if (!rules.schema.empty()) return std::string(rules.schema);
    if (rules.min == field_rules{}.min) return std::string(schema_of<Value>::text);
    return fmt::format(R"({{"type": "integer", "minimum": {}}})", rules.min);
}

struct members {
    std::string properties, required;

    template <class Struct, class Value>
    void add(const field_of<Struct, Value>& f) {
        properties += fmt::format(
            "{}                    \"{}\": {}", properties.empty() ? "" : ",\n", f.name, field_schema<Value>(f.rules));
        if (f.rules.required) required += fmt::format("{}\"{}\"", required.empty() ? "" : ", ", f.name);
    }
    template <class Fields>
    void add_all(const Fields& fields) {
        std::apply([&](const auto&... f) { (add(f), ...); }, fields);
    }
};

// message_send: MessageSendFrame
template <class Frame>
std::string schema_name() {
    if constexpr (requires { Frame::schema_name; }) return std::string(Frame::schema_name);
    std::string out;
    bool upper = true;
    for (const char c : Frame::type) {
        if (c != '_') out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        upper = c == '_';
    }
    return out + "Frame";
}

std::string data_schema(const members& data, bool from_client) {
    if (data.properties.empty()) return R"({"type": "object"})";
    return fmt::format(
        "{{\n                \"type\": \"object\",\n                \"required\": [{}],\n{}"
        "                \"properties\": {{\n{}\n                }}\n            }}",
        data.required, from_client ? "                \"additionalProperties\": false,\n" : "", data.properties);
}

template <class Frame>
frame_schema make(std::string_view domain, bool from_client) {
    members data;
    if constexpr (requires { typename Frame::place; }) data.add_all(Frame::place::fields);
    data.add_all(Frame::fields);
    std::string ref;
    if (from_client) ref = "echoed in the answer";
    if constexpr (requires { Frame::answers; }) ref = "of the frame this answers";
    if (!ref.empty())
        ref = fmt::format("            \"id\": {{\"type\": \"string\", \"description\": \"{}\"}},\n", ref);
    const bool no_data = from_client && data.properties.empty();
    return {schema_name<Frame>(), domain, Frame::type, Frame::summary, from_client,
        fmt::format(R"({{
        "type": "object",
        "description": "{}",
        "x-sender": "{}",
        "required": ["type"{}],{}
        "properties": {{
            "type": {{"const": "{}"}},
{}            "data": {}
        }}
    }})",
            Frame::summary, from_client ? "client" : "server", no_data ? "" : ", \"data\"",
            from_client ? "\n        \"additionalProperties\": false," : "", Frame::type, ref,
            data_schema(data, from_client))};
}

template <class... Frames>
void add(std::vector<frame_schema>& to, std::string_view domain, bool from_client, const std::tuple<Frames...>*) {
    (to.push_back(make<Frames>(domain, from_client)), ...);
}

}  // namespace

std::vector<frame_schema> frame_schemas() {
    std::vector<frame_schema> out;
    const auto add_domain = [&](const auto& domain) {
        using type = std::remove_cvref_t<decltype(domain)>;
        add(out, domain.name, true, static_cast<typename type::client*>(nullptr));
        add(out, domain.name, false, static_cast<typename type::server*>(nullptr));
    };
    std::apply([&](const auto&... domain) { (add_domain(domain), ...); }, frames::domains);
    return out;
}

std::vector<std::pair<std::string, std::string>> frame_schema_files() {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& frame : frame_schemas()) {
        const auto file = std::string(frame.domain) + ".json";
        if (out.empty() || out.back().first != file) out.emplace_back(file, "");
        auto& text = out.back().second;
        text += fmt::format("{}    \"{}\": {}", text.empty() ? "{\"$defs\": {\n" : ",\n", frame.name, frame.text);
    }
    for (auto& [file, text] : out) text += "\n}}\n";
    return out;
}

}  // namespace airi::events
