#include "gateway/transport/http_target.hpp"

#include <algorithm>

#include "platform/base/ascii.hpp"
#include "platform/base/split.hpp"
#include "platform/base/utf8.hpp"

namespace airi::gateway {
namespace {

int nibble(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// `plus`: '+' is a space, as in the queries of browsers.
bool decode(std::string_view encoded, bool plus, std::string& out) {
    out.reserve(encoded.size());
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        if (encoded[i] == '+' && plus) {
            out += ' ';
        } else if (encoded[i] != '%') {
            out += encoded[i];
        } else {
            if (i + 2 >= encoded.size()) return false;
            const int high = nibble(encoded[i + 1]), low = nibble(encoded[i + 2]);
            if (high < 0 || low < 0) return false;
            out += static_cast<char>(high << 4 | low);
            i += 2;
        }
    }
    return is_utf8(out);
}

}  // namespace

bool read_target(std::string_view target, std::string& path, std::vector<std::pair<std::string, std::string>>& query) {
    if (!target.starts_with('/')) return false;
    for (const char c : target)
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#') return false;
    const auto mark = target.find('?');
    const auto before = target.substr(0, mark);
    if (!decode(before, false, path)) return false;
    if (std::count(path.begin(), path.end(), '/') != std::count(before.begin(), before.end(), '/')) return false;
    for (const char c : path)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    if (mark == std::string_view::npos) return true;

    for (const auto pair : split(target.substr(mark + 1), '&')) {
        const auto equals = std::min(pair.find('='), pair.size());
        auto& [name, value] = query.emplace_back();
        if (!decode(pair.substr(0, equals), true, name)) return false;
        if (equals < pair.size() && !decode(pair.substr(equals + 1), true, value)) return false;
        if (name.find('\0') != std::string::npos || value.find('\0') != std::string::npos) return false;
    }
    return true;
}

bool has_token(std::string_view value, std::string_view token) {
    const auto items = split(value, ',');
    return std::any_of(items.begin(), items.end(), [&](std::string_view item) { return same_text(item, token); });
}

}  // namespace airi::gateway
