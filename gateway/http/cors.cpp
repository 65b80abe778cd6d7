#include "gateway/http/cors.hpp"

#include <algorithm>

#include "platform/base/ascii.hpp"
#include "platform/base/split.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view allowed_methods = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr std::string_view allowed_headers =
    "Content-Type, Authorization, Accept, Idempotency-Key, Last-Event-ID, Prefer, X-CSRF-Token, X-Token-Transport, "
    "X-Request-Id, traceparent";
constexpr std::string_view exposed_headers =
    "X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, Deprecation, Link, X-Generation-Id, Idempotency-Replayed";
constexpr std::size_t longest_list = 2'000;

// RFC 9110 5.6.2.
bool is_token(std::string_view name) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return std::ranges::all_of(name, [&](char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || others.find(c) != others.npos;
    });
}

bool is_name_list(std::string_view text) {
    const auto names = split(text, ',');
    return !text.empty() && text.size() <= longest_list && std::all_of(names.begin(), names.end(), is_token);
}

}  // namespace

bool origin_allowed(const std::vector<std::string>& origins, std::string_view origin, std::string_view host) {
    if (std::find(origins.begin(), origins.end(), origin) != origins.end()) return true;
    const auto slashes = origin.find("://");
    return slashes != std::string_view::npos && !host.empty() && origin.substr(slashes + 3) == host;
}

void add_cors_headers(const std::vector<std::string>& origins, std::string_view origin,
    std::vector<std::pair<std::string, std::string>>& headers) {
    if (origin.empty()) return;
    headers.emplace_back("Vary", "Origin");
    if (!origin_allowed(origins, origin)) return;
    headers.emplace_back("Access-Control-Allow-Origin", std::string(origin));
    headers.emplace_back("Access-Control-Allow-Credentials", "true");
    headers.emplace_back("Access-Control-Expose-Headers", std::string(exposed_headers));
}

response cors_preflight(const std::vector<std::string>& origins, const request& request) {
    response out;
    out.status = 204;
    const auto origin = request.header("origin"), asked = request.header("access-control-request-headers");
    const bool echoed = origin_allowed(origins, origin) && is_name_list(asked);
    out.headers = {{"Access-Control-Allow-Methods", std::string(allowed_methods)},
        {"Access-Control-Allow-Headers", std::string(echoed ? asked : allowed_headers)},
        {"Access-Control-Max-Age", "600"}, {"Vary", "Access-Control-Request-Headers"}};
    add_cors_headers(origins, origin, out.headers);
    return out;
}

}  // namespace airi::gateway
