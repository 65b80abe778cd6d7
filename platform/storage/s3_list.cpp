#include "platform/storage/s3_list.hpp"

#include <charconv>

namespace airi::storage {
namespace {

// Of the first element of that name; none without a complete one. S3's elements have no attributes but the outermost.
std::optional<std::string_view> element(std::string_view xml, std::string_view name) {
    const auto open = '<' + std::string(name) + '>', close = "</" + std::string(name) + '>';
    const auto begin = xml.find(open);
    if (begin == xml.npos) return std::nullopt;
    const auto end = xml.find(close, begin);
    if (end == xml.npos) return std::nullopt;
    return xml.substr(begin + open.size(), end - begin - open.size());
}

std::optional<object> read_object(std::string_view xml, std::string_view prefix) {
    const auto key = element(xml, "Key"), size = element(xml, "Size");
    if (!key || !size) return std::nullopt;
    object out{std::string(*key), 0};
    const auto [end, failed] = std::from_chars(size->data(), size->data() + size->size(), out.size);
    if (failed != std::errc{} || end != size->data() + size->size() || !key->starts_with(prefix)) return std::nullopt;
    out.name = key->substr(prefix.size());
    return out;
}

}  // namespace

std::optional<page> read_s3_list(std::string_view xml, std::string_view prefix) {
    const auto end = xml.rfind("</ListBucketResult>");
    const auto truncated = element(xml, "IsTruncated");
    if (end == xml.npos || !truncated) return std::nullopt;
    page out{{}, *truncated != "true"};
    constexpr std::string_view open = "<Contents>", close = "</Contents>";
    for (auto at = xml.find(open); at != xml.npos; at = xml.find(open, at)) {
        const auto last = xml.find(close, at);
        if (last == xml.npos) return std::nullopt;
        auto found = read_object(xml.substr(at, last - at), prefix);
        if (!found) return std::nullopt;
        if (is_object_name(found->name)) out.objects.push_back(std::move(*found));
        at = last;
    }
    return out;
}

std::string s3_error_code(std::string_view xml) { return std::string(element(xml, "Code").value_or("")); }

}  // namespace airi::storage
