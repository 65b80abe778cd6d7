#include "gateway/auth/cookies.hpp"

#include <fmt/format.h>

#include "platform/base/split.hpp"

namespace airi::gateway {
namespace {

// Long enough: the database decides when a refresh token expires.
constexpr seconds max_age{30 * 86'400};
// A little longer than a sign-in link is valid.
constexpr seconds link_age{1'200};

// Browsers accept __Host- only from this very host, over TLS and for every path; __Secure- over TLS (RFC
// 6265bis, 4.1.3).
std::string named(const gateway_options& options, std::string_view prefix, std::string_view name) {
    return (options.secure_cookies ? std::string(prefix) : std::string{}) + "airi_" + std::string(name);
}
std::string access_name(const gateway_options& options) { return named(options, "__Host-", "access"); }
std::string refresh_name(const gateway_options& options) { return named(options, "__Secure-", "refresh"); }
std::string csrf_name(const gateway_options& options) { return named(options, "__Host-", "csrf"); }
std::string link_name(const gateway_options& options) { return named(options, "__Host-", "link"); }

std::string cookie(const request& request, std::string_view wanted) {
    std::optional<std::string> found;
    for (const auto& [name, value] : request.headers) {
        if (name != "cookie") continue;
        for (const auto one : split(value, ';')) {
            if (one.substr(0, one.find('=')) != wanted || one.size() == wanted.size()) continue;
            if (found) return {};
            found = one.substr(wanted.size() + 1);
        }
    }
    return found.value_or("");
}

void set(const gateway_options& options, response& response, const std::string& name, std::string_view value,
    std::string_view path, seconds life, bool hidden) {
    response.headers.emplace_back(
        "Set-Cookie", fmt::format("{}={}; Path={}; Max-Age={}; SameSite=Lax{}{}", name, value, path, life.count(),
                          options.secure_cookies ? "; Secure" : "", hidden ? "; HttpOnly" : ""));
}

constexpr std::string_view refresh_path = "/auth/refresh";

}  // namespace

token_transport transport_of(const services& services, const request& request) {
    const auto rows = services.catalogue.rows();
    const auto asked = request.header(transport_header);
    const auto wanted = asked.empty() ? rows->text("token_transport") : asked;
    return wanted == "cookie"           ? token_transport::cookie
           : wanted == "refresh_cookie" ? token_transport::refresh_cookie
                                        : token_transport::bearer;
}

std::optional<problem> check_transport(const request& request) {
    const auto wanted = request.header(transport_header);
    if (wanted.empty() || wanted == "bearer" || wanted == "cookie" || wanted == "refresh_cookie") return std::nullopt;
    return bad_request("X-Token-Transport must be bearer, cookie or refresh_cookie");
}

seconds access_token_life(const services& services) {
    return seconds{services.catalogue.rows()->number("access_token_seconds")};
}

std::string access_cookie(const gateway_options& options, const request& request) {
    return cookie(request, access_name(options));
}
std::string refresh_cookie(const gateway_options& options, const request& request) {
    return cookie(request, refresh_name(options));
}

std::string csrf_cookie(const gateway_options& options, const request& request) {
    return cookie(request, csrf_name(options));
}

void set_cookies(const services& services, const request& request, const token_cookies& tokens, response& response) {
    const auto& options = services.options;
    const auto end = request.path.find("/auth/");
    const auto prefix = end == request.path.npos ? std::string("/api/v1") : request.path.substr(0, end);
    const auto keep = [&](const std::string& name, const std::string& token, std::string_view path, seconds life,
                          bool hidden) {
        if (!token.empty()) set(options, response, name, token, path, life, hidden);
    };
    keep(access_name(options), tokens.access, "/", access_token_life(services), true);
    keep(refresh_name(options), tokens.refresh, prefix + std::string(refresh_path), max_age, true);
    keep(csrf_name(options), tokens.csrf, "/", max_age, false);
}

std::string link_cookie(const gateway_options& options, const request& request) {
    return cookie(request, link_name(options));
}

void set_link_cookie(const services& services, std::string_view binding, response& response) {
    set(services.options, response, link_name(services.options), binding, "/", link_age, true);
}

void clear_cookies(const services& services, const request& request, response& response) {
    const auto& options = services.options;
    if (request.header("cookie").empty() && transport_of(services, request) == token_transport::bearer) return;
    set(options, response, access_name(options), "", "/", seconds{0}, true);
    for (const std::string prefix : {"/api/v1", "/api", "/v1", ""})
        set(options, response, refresh_name(options), "", prefix + std::string(refresh_path), seconds{0}, true);
    set(options, response, csrf_name(options), "", "/", seconds{0}, false);
}

}  // namespace airi::gateway
