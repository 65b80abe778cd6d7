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

enum class place { path, query };

// A '+' of a query is a space, as browsers write it.
bool decode(std::string_view encoded, place in, std::string& out) {
    out.reserve(encoded.size());
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        if (encoded[i] == '+' && in == place::query) {
            out += ' ';
        } else if (encoded[i] == '/' && in == place::path && out.ends_with('/')) {
            continue;
        } else if (encoded[i] != '%') {
            out += encoded[i];
        } else {
            if (i + 2 >= encoded.size()) return false;
            const int high = nibble(encoded[i + 1]), low = nibble(encoded[i + 2]);
            if (high < 0 || low < 0) return false;
            const auto c = static_cast<char>(high << 4 | low);
            if (in == place::path && (c == '/' || c == '%'))
                out += c == '/' ? "%2F" : "%25";
            else
                out += c;
            i += 2;
        }
    }
    return is_utf8(out);
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool read_path(std::string_view encoded, std::string& out) {
    if (!decode(encoded, place::path, out) || has_control(out)) return false;
    if (out.size() > 1 && out.ends_with('/')) out.pop_back();
    return true;
}

bool read_query(std::string_view encoded, std::vector<std::pair<std::string, std::string>>& out) {
    for (const auto pair : split(encoded, '&')) {
        const auto equals = std::min(pair.find('='), pair.size());
        auto& [name, value] = out.emplace_back();
        if (!decode(pair.substr(0, equals), place::query, name)) return false;
        if (equals < pair.size() && !decode(pair.substr(equals + 1), place::query, value)) return false;
        if (name.find('\0') != std::string::npos || value.find('\0') != std::string::npos) return false;
    }
    return true;
}

// Takes "http://host:port" off the front of an absolute-form target.
std::string_view take_authority(std::string_view& target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!same_text(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const auto authority = target.substr(0, target.find_first_of("/?"));
        target.remove_prefix(authority.empty() ? target.size() : authority.size());  // "http:///x" names no target
        return authority;
    }
    return {};
}

}  // namespace

std::optional<request_target> read_target(std::string_view target) {
    if (has_control(target) || target.find_first_of(" #") != target.npos) return std::nullopt;
    request_target out;
    out.authority = take_authority(target);
    const auto mark = std::min(target.find('?'), target.size());
    const auto path = target.substr(0, mark);
    const bool absolute = !out.authority.empty();
    if (!path.starts_with('/') && !(absolute && path.empty())) return std::nullopt;
    if (!read_path(path.empty() ? "/" : path, out.path)) return std::nullopt;
    if (mark < target.size() && !read_query(target.substr(mark + 1), out.query)) return std::nullopt;
    return out;
}

bool has_token(std::string_view value, std::string_view token) {
    const auto items = split(value, ',');
    return std::any_of(items.begin(), items.end(), [&](std::string_view item) { return same_text(item, token); });
}

}  // namespace airi::gateway
