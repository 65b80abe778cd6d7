#include "workers/archive/record_line.hpp"

#include <limits>

#include "platform/base/json.hpp"
#include "platform/base/utf8.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::workers::archive {
namespace {

void append_bytes(std::string& out, std::string_view bytes) {
    if (is_utf8(bytes))
        json::append_string(out, bytes);
    else
        out += json::object().add("base64url", digest::base64url(bytes)).text();
}

std::optional<std::string> read_bytes(json::value from) {
    if (const auto text = from.string()) return std::string(*text);
    const auto coded = from["base64url"].string();
    return coded ? digest::from_base64url(*coded) : std::nullopt;
}

bool read_headers(json::value from, std::vector<kafka::header>& into) {
    bool good = from.exists() && from.type() == json::kind::array;
    from.each([&](json::value one) {
        std::vector<std::string> pair;
        one.each([&](json::value part) {
            auto bytes = read_bytes(part);
            if (bytes) pair.push_back(std::move(*bytes));
        });
        good = good && one.size() == 2 && pair.size() == 2;
        if (good) into.push_back({std::move(pair[0]), std::move(pair[1])});
    });
    return good;
}

}  // namespace

std::string line_of(const kafka::message& record) {
    std::string out;
    out.reserve(record.value.size() + record.value.size() / 8 + 600);
    out += "{\"partition\":" + std::to_string(record.partition) + ",\"offset\":" + std::to_string(record.offset) +
           ",\"at\":\"" + to_text(record.appended) + "\",\"key\":";
    append_bytes(out, record.key);
    out += ",\"headers\":[";
    for (const auto& [name, value] : record.headers) {
        if (out.back() != '[') out += ',';
        out += '[';
        append_bytes(out, name);
        out += ',';
        append_bytes(out, value);
        out += ']';
    }
    out += "],\"value\":";
    append_bytes(out, record.value);
    return out += "}\n";
}

std::optional<kafka::message> read_line(std::string_view topic, std::string_view line) {
    const auto parsed = json::document::parse(line);
    if (!parsed) return std::nullopt;
    const auto root = parsed->root();
    const auto partition = root["partition"].integer(), offset = root["offset"].integer();
    const auto at = parse_instant(root["at"].string().value_or(""));
    auto key = read_bytes(root["key"]), value = read_bytes(root["value"]);
    if (!partition || *partition < 0 || *partition > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
    if (!offset || *offset < 0 || !at || !key || !value) return std::nullopt;
    kafka::message out;
    out.topic = topic;
    out.partition = static_cast<std::int32_t>(*partition);
    out.offset = *offset;
    out.appended = *at;
    out.key = std::move(*key);
    out.value = std::move(*value);
    if (!read_headers(root["headers"], out.headers)) return std::nullopt;
    return out;
}

}  // namespace airi::workers::archive
