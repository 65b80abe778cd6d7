#include "gateway/http/cors.hpp"

#include <algorithm>

namespace airi::gateway {
namespace {

constexpr std::string_view allowed_methods = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr std::string_view allowed_headers =
    "Content-Type, Authorization, Accept, Idempotency-Key, Last-Event-ID, Prefer, X-CSRF-Token, X-Token-Transport, "
    "X-Request-Id, traceparent";
constexpr std::string_view exposed_headers =
    "X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, Deprecation, Link, Idempotency-Replayed";

}  // namespace

bool origin_allowed(const std::vector<std::string>& origins, std::string_view origin, std::string_view host) {
    if (std::find(origins.begin(), origins.end(), origin) != origins.end()) return true;
    const auto slashes = origin.find("://");
    return slashes != std::string_view::npos && !host.empty() && origin.substr(slashes + 3) == host;
}

void add_cors_headers(const std::vector<std::string>& origins, const request& request,
    std::vector<std::pair<std::string, std::string>>& headers) {
    headers.emplace_back("Vary", "Origin");
    const auto origin = request.header("origin");
    if (origin.empty() || !origin_allowed(origins, origin)) return;
    headers.emplace_back("Access-Control-Allow-Origin", std::string(origin));
    headers.emplace_back("Access-Control-Allow-Credentials", "true");
    headers.emplace_back("Access-Control-Expose-Headers", std::string(exposed_headers));
}

response cors_preflight(const std::vector<std::string>& origins, const request& request) {
    response out;
    out.status = 204;
    out.headers = {{"Access-Control-Allow-Methods", std::string(allowed_methods)},
        {"Access-Control-Allow-Headers", std::string(allowed_headers)}, {"Access-Control-Max-Age", "600"}};
    add_cors_headers(origins, request, out.headers);
    return out;
}

}  // namespace airi::gateway
