#include "platform/redis/url.hpp"

#include <charconv>
#include <string_view>

#include "platform/base/percent.hpp"

namespace airi::redis {
namespace {

template <class Int>
bool read_number(std::string_view text, Int& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

bool read_credentials(std::string_view text, address& out) {
    const auto colon = text.find(':');
    const auto user = percent_decoded(text.substr(0, colon));
    const auto password = percent_decoded(colon == text.npos ? "" : text.substr(colon + 1));
    if (!user || !password) return false;
    out.user = *user;
    out.password = secret(*password);
    return true;
}

bool read_host(std::string_view text, address& out) {
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return false;
        out.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
    } else {
        const auto colon = text.find(':');
        out.host = text.substr(0, colon);
        port = colon == text.npos ? "" : text.substr(colon);
    }
    if (out.host.empty()) return false;
    if (port.empty()) return true;
    return port.front() == ':' && read_number(port.substr(1), out.port) && out.port != 0;
}

bool read_ca(std::string_view query, address& out) {
    constexpr std::string_view name = "ca=";
    if (!out.tls || !query.starts_with(name)) return false;
    const auto file = percent_decoded(query.substr(name.size()));
    if (file) out.ca = *file;
    return file.has_value();
}

}  // namespace

std::optional<address> parse_url(const secret& url) {
    constexpr std::string_view plain = "redis://", encrypted = "rediss://";
    std::string_view rest = url.reveal();
    address out;
    out.tls = rest.starts_with(encrypted);
    if (!out.tls && !rest.starts_with(plain)) return std::nullopt;
    rest.remove_prefix(out.tls ? encrypted.size() : plain.size());
    if (const auto query = rest.rfind('?'); query != rest.npos && query > rest.rfind('@') + 1) {
        if (!read_ca(rest.substr(query + 1), out)) return std::nullopt;
        rest = rest.substr(0, query);
    }
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        if (!read_credentials(rest.substr(0, at), out)) return std::nullopt;
        rest.remove_prefix(at + 1);
    }
    const auto slash = rest.find('/');
    if (!read_host(rest.substr(0, slash), out)) return std::nullopt;
    if (slash == rest.npos || slash + 1 == rest.size()) return out;
    if (!read_number(rest.substr(slash + 1), out.database) || out.database < 0) return std::nullopt;
    return out;
}

}  // namespace airi::redis
