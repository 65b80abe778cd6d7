#include "workers/operations/record_filter.hpp"

#include <algorithm>

#include "platform/base/json.hpp"

namespace airi::workers::operations {
namespace {

std::string unescaped(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
        out += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
    }
    return out;
}

// Absent for a pointer that leads nowhere. Elements of arrays cannot be named.
json::value member_at(json::value from, std::string_view pointer) {
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const auto end = std::min(pointer.find('/'), pointer.size());
        from = from[unescaped(pointer.substr(0, end))];
        pointer.remove_prefix(end);
    }
    return from;
}

bool is(const std::optional<std::string>& wanted, std::string_view value) { return !wanted || *wanted == value; }

}  // namespace

bool record_filter::matches(const kafka::message& record) const {
    if (!is(key, record.key)) return false;
    if (type && *type != record.header_value("ce_type")) return false;
    if (group && *group != record.header_value("kafka_dlt-original-consumer-group")) return false;
    if (error && record.header_value("kafka_dlt-exception-message").find(*error) == std::string_view::npos)
        return false;
    if (where.empty()) return true;
    const auto value = json::document::parse(record.value);
    return value && std::ranges::all_of(where, [&](const member_is& one) {
        const auto member = member_at(value->root(), one.pointer);
        if (!member.exists()) return false;
        const auto text = member.string();
        return text ? *text == one.value : member.text() == one.value;
    });
}

std::optional<member_is> read_condition(std::string_view text) {
    const auto equals = text.find('=');
    if (!text.starts_with('/') || equals == text.npos) return std::nullopt;
    return member_is{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

}  // namespace airi::workers::operations
