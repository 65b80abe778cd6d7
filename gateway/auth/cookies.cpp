#include "gateway/auth/cookies.hpp"

#include <fmt/format.h>

#include "platform/crypto/digest.hpp"

namespace airi::gateway {
namespace {

// The database says how long a refresh token is good; browsers need only keep it for so long.
constexpr seconds kept{30 * 86'400};

// Browsers take __Host- from this very host only, with TLS and for every path; __Secure- with TLS (RFC 6265bis, 4.1.3).
std::string named(const gateway_options& options, std::string_view prefix, std::string_view name) {
    return (options.secure_cookies ? std::string(prefix) : std::string{}) + "airi_" + std::string(name);
}
std::string access_name(const gateway_options& options) { return named(options, "__Host-", "access"); }
std::string refresh_name(const gateway_options& options) { return named(options, "__Secure-", "refresh"); }
std::string csrf_name(const gateway_options& options) { return named(options, "__Host-", "csrf"); }

std::string cookie(const request& request, std::string_view wanted) {
    std::optional<std::string> found;
    for (const auto& [name, value] : request.headers) {
        if (name != "cookie") continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            auto one = rest.substr(0, rest.find(';'));
            rest.remove_prefix(std::min(rest.size(), one.size() + 1));
            while (one.starts_with(' ')) one.remove_prefix(1);
            while (one.ends_with(' ')) one.remove_suffix(1);
            if (one.substr(0, one.find('=')) != wanted || one.size() == wanted.size()) continue;
            if (found) return {};
            found = one.substr(wanted.size() + 1);
        }
    }
    return found.value_or("");
}

void set(const gateway_options& options, response& on, const std::string& name, std::string_view value,
    std::string_view path, seconds life, bool hidden) {
    on.headers.emplace_back(
        "Set-Cookie", fmt::format("{}={}; Path={}; Max-Age={}; SameSite=Lax{}{}", name, value, path, life.count(),
                          options.secure_cookies ? "; Secure" : "", hidden ? "; HttpOnly" : ""));
}

constexpr std::string_view refresh_path = "/auth/refresh";

}  // namespace

bool wants_cookies(const request& request) { return request.header(transport_header) == "cookie"; }

std::optional<problem> check_transport(const request& request) {
    const auto wanted = request.header(transport_header);
    if (wanted.empty() || wanted == "bearer" || wanted == "cookie") return std::nullopt;
    return bad_request("X-Token-Transport is bearer or cookie");
}

std::string access_cookie(const gateway_options& options, const request& request) {
    return cookie(request, access_name(options));
}
std::string refresh_cookie(const gateway_options& options, const request& request) {
    return cookie(request, refresh_name(options));
}

std::string csrf_token(const services& services, session_id session) {
    return digest::base64url(
        digest::hmac_sha256(secret(digest::hmac_sha256(services.refresh_key, "airi/csrf")), session.text()));
}

std::optional<problem> check_csrf(const services& services, session_id session, const request& request) {
    if (request.method == verb::get || request.method == verb::head) return std::nullopt;
    const auto right = csrf_token(services, session);
    if (digest::equal(request.header("x-csrf-token"), right) &&
        digest::equal(cookie(request, csrf_name(services.options)), right))
        return std::nullopt;
    return problem{403, "CSRF", "a request by cookie needs its session's X-CSRF-Token"};
}

void set_cookies(const services& services, const request& request, session_id session, const std::string& access,
    const std::string& renewal, response& on) {
    const auto& options = services.options;
    const auto end = request.path.find("/auth/");
    const auto prefix = end == request.path.npos ? std::string("/api/v1") : request.path.substr(0, end);
    set(options, on, access_name(options), access, "/", options.access_token_life, true);
    set(options, on, refresh_name(options), renewal, prefix + std::string(refresh_path), kept, true);
    set(options, on, csrf_name(options), csrf_token(services, session), "/", kept, false);
}

void clear_cookies(const gateway_options& options, const request& request, response& on) {
    if (request.header("cookie").empty()) return;
    set(options, on, access_name(options), "", "/", seconds{0}, true);
    for (const std::string prefix : {"/api/v1", "/api", "/v1"})
        set(options, on, refresh_name(options), "", prefix + std::string(refresh_path), seconds{0}, true);
    set(options, on, csrf_name(options), "", "/", seconds{0}, false);
}

}  // namespace airi::gateway
