#include "platform/http/url.hpp"

#include <algorithm>
#include <charconv>

#include "platform/base/ascii.hpp"
#include "platform/base/ip_address.hpp"
#include "platform/http/client.hpp"

namespace airi::http {
namespace {

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_name(std::string_view host) {
    return !host.empty() && host.size() <= 253 &&
           std::ranges::all_of(host, [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; });
}

bool is_ipv6(std::string_view host) {
    return !host.empty() && host.size() <= 45 && std::ranges::all_of(host, [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f') || c == ':' || c == '.';
    });
}

bool is_port(std::string_view text) {
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return ec == std::errc() && end == text.data() + text.size() && value >= 1 && value <= 65535;
}

}  // namespace

result<url> parse_url(std::string_view text) {
    if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c >= 0x7f || c == '\\'; })) return errc::bad_url;
    const auto colon = text.find("://");
    if (colon == std::string_view::npos) return errc::bad_url;
    const auto scheme = lowered(text.substr(0, colon));
    if (scheme != "http" && scheme != "https") return errc::bad_url;
    url out{.tls = scheme == "https", .host = {}, .port = {}, .authority = {}, .target = {}};
    text = text.substr(colon + 3);
    text = text.substr(0, text.find('#'));

    const auto path = std::min(text.find_first_of("/?"), text.size());
    auto authority = text.substr(0, path);
    if (authority.find('@') != std::string_view::npos) return errc::bad_url;
    const bool bracketed = authority.starts_with('[');
    const auto host_end = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
    if (host_end == std::string_view::npos) return errc::bad_url;
    out.host = lowered(authority.substr(bracketed, host_end - bracketed));
    if (bracketed ? !is_ipv6(out.host) : !is_name(out.host)) return errc::bad_url;

    const auto rest = authority.substr(host_end + bracketed);
    const std::string_view own_port = out.tls ? "443" : "80";
    out.port = own_port;
    if (!rest.empty()) {
        if (rest.front() != ':' || !is_port(rest.substr(1))) return errc::bad_url;
        out.port = rest.substr(1);
    }
    out.authority = bracketed ? '[' + out.host + ']' : out.host;
    if (out.port != own_port) out.authority += ':' + out.port;
    out.target = text.substr(path);
    if (!out.target.starts_with('/')) out.target.insert(0, 1, '/');
    return out;
}

bool is_safe(std::string_view text) {
    const auto parsed = parse_url(text);
    return parsed && (parsed->tls || is_loopback_host(parsed->host));
}

}  // namespace airi::http
