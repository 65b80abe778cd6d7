#include "gateway/api/csv.hpp"

namespace airi::gateway {
namespace {

// Numbers as they are; nothing for null.
std::string field_of(json::value value) {
    const auto text = value.string();
    if (!text) return value.is_null() || !value.exists() ? "" : value.text();
    if (text->find_first_of(",\"\r\n") == text->npos) return std::string(*text);
    std::string out = "\"";
    for (const char c : *text) out.append(c == '"' ? 2 : 1, c);
    return out + '"';
}

json::value member_of(json::value row, std::string_view column) {
    const auto dot = column.find('.');
    return dot == column.npos ? row[column] : row[column.substr(0, dot)][column.substr(dot + 1)];
}

}  // namespace

std::string csv_of(json::value rows, std::span<const std::string_view> columns) {
    std::string out;
    const auto add_line = [&](const auto& field) {
        for (const auto column : columns) out.append(column == columns.front() ? "" : ",").append(field(column));
        out += "\r\n";
    };
    add_line([](std::string_view column) { return column.substr(column.find('.') + 1); });
    rows.each(
        [&](json::value row) { add_line([&](std::string_view column) { return field_of(member_of(row, column)); }); });
    return out;
}

}  // namespace airi::gateway
