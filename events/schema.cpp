#include "events/schema.hpp"

#include <fmt/format.h>

#include "events/all.hpp"
#include "events/codec.hpp"
#include "events/sample.hpp"

namespace airi::events {
namespace {

std::string type_of(const std::string*, const field_rules& rules) {
    return fmt::format(R"({{"type": "string", "maxLength": {}}})", rules.max_length);
}
std::string type_of(const std::int64_t*, const field_rules& rules) {
    if (rules.min == std::numeric_limits<std::int64_t>::min()) return R"({"type": "integer"})";
    return fmt::format(R"({{"type": "integer", "minimum": {}}})", rules.min);
}
std::string type_of(const double*, const field_rules&) { return R"({"type": "number"})"; }
std::string type_of(const bool*, const field_rules&) { return R"({"type": "boolean"})"; }
std::string type_of(const instant*, const field_rules&) { return R"({"type": "string", "format": "date-time"})"; }
std::string type_of(const json_text*, const field_rules&) { return R"({"type": ["object", "null"]})"; }
template <class Tag>
std::string type_of(const id<Tag>*, const field_rules&) {
    return R"({"type": "string", "format": "uuid"})";
}
template <class Tag>
std::string type_of(const std::optional<id<Tag>>*, const field_rules&) {
    return R"({"type": ["string", "null"], "format": "uuid"})";
}

template <class Event>
std::pair<std::string, std::string> schema_of() {
    std::string properties, required;
    std::apply(
        [&](const auto&... all_fields) {
            const auto one = [&](const auto& f) {
                using value = std::remove_cvref_t<decltype(std::declval<Event>().*(f.member))>;
                if (!properties.empty()) properties += ",\n";
                properties +=
                    fmt::format("    \"{}\": {}", f.name, type_of(static_cast<const value*>(nullptr), f.rules));
                if (!f.rules.required) return;
                if (!required.empty()) required += ", ";
                required += fmt::format("\"{}\"", f.name);
            };
            (one(all_fields), ...);
        },
        Event::fields);
    return {fmt::format("{}.json", Event::topic),
        fmt::format("{{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"{}\",\n"
                    "  \"type\": \"object\",\n  \"properties\": {{\n{}\n  }},\n  \"required\": [{}]\n}}\n",
            Event::topic, properties, required)};
}

// One member a line, as the recorded payloads of released versions have it.
template <class Event>
std::pair<std::string, std::string> payload_of() {
    std::string members;
    const auto parsed = json::document::parse(encode(sample<Event>()));
    parsed->root().members([&](std::string_view name, json::value is) {
        members += fmt::format("{}  \"{}\": {}", members.empty() ? "" : ",\n", name, is.text());
    });
    return {fmt::format("{}.json", Event::topic), fmt::format("{{\n{}\n}}\n", members)};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> schemas() {
    return std::apply(
        [](const auto&... event) {
            return std::vector<std::pair<std::string, std::string>>{
                schema_of<std::remove_cvref_t<decltype(event)>>()...};
        },
        all{});
}

std::vector<std::pair<std::string, std::string>> sample_payloads() {
    return std::apply(
        [](const auto&... event) {
            return std::vector<std::pair<std::string, std::string>>{
                payload_of<std::remove_cvref_t<decltype(event)>>()...};
        },
        all{});
}

}  // namespace airi::events
