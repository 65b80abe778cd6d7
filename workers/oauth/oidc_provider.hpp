// The configured identity providers, and what they publish about themselves. Used by the oauth worker.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/secret.hpp"
#include "platform/crypto/signatures.hpp"
#include "workers/oauth/id_token.hpp"

namespace airi::workers::oauth {

/// How the worker authenticates at the token endpoint.
enum class client_authentication { none, basic, post, apple };

struct provider {
    std::string name;    ///< in paths: google
    std::string title;   ///< for people: Google
    bool openid = true;  ///< false: Discord's OAuth 2.0, without ID tokens
    std::string issuer;
    std::string client_id;
    secret client_secret;
    std::vector<std::string> app_ids;  ///< our further client ids, whose ID tokens are accepted too
    std::string scopes = "openid email profile";
    std::string response_mode = "query";
    /// OpenID providers other than Apple: as discovery says.
    client_authentication authentication = client_authentication::basic;
    std::string team_id = {}, key_id = {};  ///< Apple's
    std::optional<signatures::private_key> key = std::nullopt;

    // From discovery, or known beforehand.
    std::string authorization_endpoint = {}, token_endpoint = {}, userinfo_endpoint = {}, jwks_uri = {};
    key_set keys = {};
    bool sends_issuer = false;  ///< in each response (RFC 9207)
    std::chrono::steady_clock::time_point known_until = {}, keys_asked_until = {};

    bool usable() const { return !authorization_endpoint.empty(); }
};

struct identity_settings {
    std::string google_client_id, google_issuer = "https://accounts.google.com", google_app_ids;
    secret google_client_secret;
    std::string discord_client_id, discord_base_url = "https://discord.com";
    secret discord_client_secret;
    std::string apple_client_id, apple_issuer = "https://appleid.apple.com", apple_app_ids, apple_team_id, apple_key_id;
    secret apple_private_key;
    std::string oidc_client_id, oidc_issuer, oidc_name = "OpenID", oidc_app_ids;
    secret oidc_client_secret;
};

/// The providers whose client id is set, in the order of the buttons.
std::vector<provider> providers_of(const identity_settings&);
/// One sentence for each invalid setting.
std::vector<std::string> mistakes_of(const identity_settings&);

/// Reads the body of /.well-known/openid-configuration; false when it is another provider's or cannot be used.
bool read_configuration(std::string_view text, provider&);

}  // namespace airi::workers::oauth
