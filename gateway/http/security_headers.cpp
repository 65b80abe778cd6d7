#include "gateway/http/security_headers.hpp"

#include <algorithm>

namespace airi::gateway {
namespace {

bool is_header_value(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

security_headers::security_headers(const header_policy& policy) {
    const auto hsts =
        "max-age=" + std::to_string(policy.hsts_seconds) + (policy.hsts_subdomains ? "; includeSubDomains" : "");
    all_ = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"X-XSS-Protection", "1; mode=block"},
        {"Strict-Transport-Security", hsts},
        {"Content-Security-Policy", is_header_value(policy.content_policy)
                                        ? policy.content_policy
                                        : "default-src 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    for (const auto& [name, value] : all_) lines_.append(name).append(": ").append(value).append("\r\n");
}

std::shared_ptr<const security_headers> default_security_headers() {
    static const auto headers = std::make_shared<const security_headers>(header_policy{});
    return headers;
}

}  // namespace airi::gateway
