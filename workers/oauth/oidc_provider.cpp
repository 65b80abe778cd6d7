#include "workers/oauth/oidc_provider.hpp"

#include <algorithm>

#include "platform/base/json.hpp"
#include "platform/base/split.hpp"
#include "platform/http/url.hpp"

namespace airi::workers::oauth {
namespace {

std::string without_slash(std::string out) {
    while (out.ends_with('/')) out.pop_back();
    return out;
}

std::vector<std::string> parts(std::string_view text) {
    const auto all = split(text, ',');
    return {all.begin(), all.end()};
}

// In .env a PEM file stands on one line, with \n where its lines end.
secret with_lines(const secret& pem) {
    auto text = pem.reveal();
    for (auto at = text.find("\\n"); at != text.npos; at = text.find("\\n", at + 1)) text.replace(at, 2, "\n");
    return secret(std::move(text));
}

}  // namespace

std::vector<provider> providers_of(const identity_settings& s) {
    std::vector<provider> out;
    if (!s.google_client_id.empty())
        out.push_back({.name = "google",
            .title = "Google",
            .issuer = s.google_issuer,
            .client_id = s.google_client_id,
            .client_secret = s.google_client_secret,
            .app_ids = parts(s.google_app_ids)});
    if (!s.apple_client_id.empty())
        out.push_back({.name = "apple",
            .title = "Apple",
            .issuer = s.apple_issuer,
            .client_id = s.apple_client_id,
            .client_secret = {},
            .app_ids = parts(s.apple_app_ids),
            .scopes = "openid email name",
            .response_mode = "form_post",
            .authentication = client_authentication::apple,
            .team_id = s.apple_team_id,
            .key_id = s.apple_key_id,
            .key = signatures::private_key::of_pem(with_lines(s.apple_private_key))});
    if (!s.discord_client_id.empty()) {
        const auto base = without_slash(s.discord_base_url);
        out.push_back({.name = "discord",
            .title = "Discord",
            .openid = false,
            .issuer = base,
            .client_id = s.discord_client_id,
            .client_secret = s.discord_client_secret,
            .app_ids = {},
            .scopes = "identify email",
            .authorization_endpoint = base + "/oauth2/authorize",
            .token_endpoint = base + "/api/oauth2/token",
            .userinfo_endpoint = base + "/api/v10/users/@me"});
    }
    if (!s.oidc_client_id.empty())
        out.push_back({.name = "oidc",
            .title = s.oidc_name,
            .issuer = s.oidc_issuer,
            .client_id = s.oidc_client_id,
            .client_secret = s.oidc_client_secret,
            .app_ids = parts(s.oidc_app_ids)});
    return out;
}

std::vector<std::string> mistakes_of(const identity_settings& s) {
    std::vector<std::string> out;
    const auto url = [&](const std::string& id, const std::string& value, std::string_view name) {
        if (!id.empty() && !http::is_safe(value))
            out.push_back(std::string(name) + " is an https URL; http is for this machine alone");
    };
    const auto needs = [&](bool one, bool other, std::string_view message) {
        if (one && !other) out.push_back(std::string(message));
    };
    url(s.google_client_id, s.google_issuer, "GOOGLE_ISSUER");
    url(s.discord_client_id, s.discord_base_url, "DISCORD_BASE_URL");
    url(s.apple_client_id, s.apple_issuer, "APPLE_ISSUER");
    url(s.oidc_client_id, s.oidc_issuer, "OIDC_ISSUER");
    needs(!s.google_client_id.empty(), !s.google_client_secret.empty(), "GOOGLE_CLIENT_ID needs GOOGLE_CLIENT_SECRET");
    needs(!s.discord_client_id.empty(), !s.discord_client_secret.empty(),
        "DISCORD_CLIENT_ID needs DISCORD_CLIENT_SECRET");
    needs(!s.apple_client_id.empty(), !s.apple_team_id.empty() && !s.apple_key_id.empty(),
        "APPLE_CLIENT_ID needs APPLE_TEAM_ID and APPLE_KEY_ID");
    needs(!s.apple_client_id.empty(), signatures::private_key::of_pem(with_lines(s.apple_private_key)).has_value(),
        "APPLE_PRIVATE_KEY is the text of the .p8 file, a private key on P-256");
    if (s.oidc_name.empty() || s.oidc_name.size() > 40) out.push_back("OIDC_NAME has 1 to 40 bytes");
    return out;
}

bool read_configuration(std::string_view text, provider& provider) {
    const auto parsed = json::document::parse(text);
    if (!parsed) return false;
    const auto root = parsed->root();
    // OpenID Connect Discovery 4.3: exactly the requested issuer, or one provider could speak for another.
    if (root["issuer"].string() != provider.issuer) return false;
    const auto endpoint = [&](std::string_view name) {
        const auto url = root[name].string().value_or("");
        return url.size() <= 1000 && http::is_safe(url) ? std::string(url) : std::string{};
    };
    auto authorization = endpoint("authorization_endpoint"), token = endpoint("token_endpoint"),
         keys = endpoint("jwks_uri");
    if (authorization.empty() || token.empty() || keys.empty() || authorization.find('#') != authorization.npos)
        return false;
    provider.authorization_endpoint = std::move(authorization);
    provider.token_endpoint = std::move(token);
    provider.jwks_uri = std::move(keys);
    provider.userinfo_endpoint = endpoint("userinfo_endpoint");
    provider.sends_issuer = root["authorization_response_iss_parameter_supported"].boolean().value_or(false);
    if (provider.authentication == client_authentication::apple) return true;
    bool basic = false, post = false;
    root["token_endpoint_auth_methods_supported"].each([&](json::value method) {
        basic = basic || method.string() == "client_secret_basic";
        post = post || method.string() == "client_secret_post";
    });
    // basic is the default (Discovery 3).
    provider.authentication = provider.client_secret.empty() ? client_authentication::none
                              : post && !basic               ? client_authentication::post
                                                             : client_authentication::basic;
    return true;
}

}  // namespace airi::workers::oauth
