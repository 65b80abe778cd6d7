#include "gateway/settings.hpp"

#include "platform/base/ascii.hpp"
#include "platform/base/ip_address.hpp"
#include "platform/base/split.hpp"

namespace airi::gateway {
namespace {

// Origins and networks, separated by commas; an origin is compared without its final slash.
std::vector<std::string> parts(std::string_view text) {
    std::vector<std::string> out;
    for (auto part : split(text, ',')) {
        while (part.ends_with('/') || part.ends_with(' ')) part.remove_suffix(1);
        if (!part.empty()) out.emplace_back(part);
    }
    return out;
}

// The host of an origin, an IPv6 address in its brackets.
std::string host_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme != url.npos) url.remove_prefix(scheme + 3);
    const auto end = url.starts_with('[') ? url.find(']') + 1 : url.find_first_of(":/");
    return lowered(url.substr(0, end));
}

// A browser on the machine itself, during development.
bool is_loopback(std::string_view url) { return url.starts_with("http://") && is_loopback_host(host_of(url)); }

// Other people than its developers use it.
bool is_public(std::string_view environment) { return environment == "staging" || environment == "production"; }

release_stage stage_of(std::string_view environment) {
    if (environment == "development") return release_stage::everything;
    return environment == "staging" ? release_stage::beta : release_stage::stable;
}

}  // namespace

std::vector<std::string> gateway_settings::mistakes() const {
    auto out = kafka::access::mistakes();
    for (auto& mistake : tracing::destination::mistakes()) out.push_back(std::move(mistake));
    if (!jwt_secret.empty() && jwt_secret.reveal().size() < 32) out.push_back("JWT_SECRET has fewer than 32 bytes");
    if (!jwt_secret_previous.empty() && jwt_secret_previous.reveal().size() < 32)
        out.push_back("JWT_SECRET_PREVIOUS has fewer than 32 bytes");
    if (!jwt_secret_rotated_at.empty() && !parse_instant(jwt_secret_rotated_at))
        out.push_back("JWT_SECRET_ROTATED_AT must be a time such as 2026-01-31T12:00:00Z");
    for (auto& mistake : seal::mistakes_of("ENCRYPTION_KEY", encryption_key, encryption_key_previous))
        out.push_back(std::move(mistake));
    for (auto& mistake : seal::mistakes_of("EVIDENCE_KEY", evidence_key, evidence_key_previous))
        out.push_back(std::move(mistake));
    if (!link_key.empty() && link_key.reveal().size() < 32) out.push_back("LINK_KEY has fewer than 32 bytes");
    if (is_public(environment) && frontend_url.empty()) out.push_back("FRONTEND_URL is required in " + environment);
    return out;
}

tokens::keyring keyring_of(const gateway_settings& settings) {
    // Every gateway of an installation has the same, whichever its port is.
    auto urls = parts(settings.api_url);
    for (auto& url : parts(settings.frontend_url)) urls.push_back(std::move(url));
    tokens::parties parties{urls.empty() ? "http://localhost" : urls.front(), "airi"};
    auto current = tokens::key::of(settings.jwt_secret);
    if (settings.jwt_secret_previous.empty()) return tokens::keyring(std::move(parties), std::move(current));
    const auto rotated = parse_instant(settings.jwt_secret_rotated_at).value_or(now());
    return tokens::keyring(std::move(parties), std::move(current),
        tokens::replaced_key{tokens::key::of(settings.jwt_secret_previous), rotated + std::chrono::days{7}});
}

gateway_options options_of(const gateway_settings& settings) {
    gateway_options out;
    out.environment = settings.environment;
    out.features = stage_of(settings.environment);
    out.rate_limiting = settings.rate_limiting;
    if (settings.rate_requests > 0)
        out.general_rate = rate{"general", settings.rate_requests,
            std::chrono::ceil<seconds>(settings.rate_window).count(), strategy::sliding_window, true};
    out.websockets = settings.websockets;
    out.file_uploads = settings.file_uploads;
    out.voice_chat = settings.voice_chat;
    if (!settings.commit.empty()) out.version = settings.commit.substr(0, 7);
    for (const auto& secret : {settings.stripe_webhook_secret, settings.stripe_webhook_secret_previous})
        if (!secret.empty()) out.stripe_webhook_secrets.push_back(secret);
    out.origins = parts(settings.allowed_origins);
    out.product_origins = out.origins.empty();
    for (auto& origin : parts(settings.frontend_url)) out.origins.push_back(std::move(origin));
    out.public_url = settings.frontend_url.empty() ? "http://localhost:" + std::to_string(settings.port)
                                                   : parts(settings.frontend_url).front();
    out.country_header = lowered(settings.country_header);
    out.secure_cookies = !is_loopback(out.public_url);
    const auto own = parts(settings.api_url);
    out.api_url = own.empty() ? out.public_url : own.front();
    out.oauth_redirect_url = settings.oauth_redirect_url.empty() ? out.public_url + "/" : settings.oauth_redirect_url;
    if (!is_public(settings.environment)) out.origins.push_back("http://localhost:5173");
    return out;
}

server_options listening_of(const gateway_settings& settings) {
    server_options out;
    out.address = settings.address;
    out.port = settings.port;
    out.per_address = static_cast<std::size_t>(settings.per_address);
    out.connections = static_cast<std::size_t>(settings.connections);
    out.trusted_proxies = parts(settings.trusted_proxies);
    out.limits.idle_time = settings.keep_alive;
    for (const auto& host : parts(settings.allowed_hosts)) out.hosts.push_back(lowered(host));
    if (!out.hosts.empty()) return out;
    for (const auto* urls : {&settings.frontend_url, &settings.api_url})
        for (const auto& url : parts(*urls)) out.hosts.push_back(host_of(url));
    if (!is_public(settings.environment))
        for (const auto* own : {"localhost", "127.0.0.1", "[::1]"}) out.hosts.emplace_back(own);
    return out;
}

}  // namespace airi::gateway
