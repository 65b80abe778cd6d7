// The identity providers that this installation is set up for, and what they have published about themselves. Used by
// the identity worker alone.
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

/// How the worker proves to the token endpoint who it is.
enum class proof { none, basic, post, apple };

struct provider {
    std::string name;    ///< in paths: google
    std::string title;   ///< for people: Google
    bool openid = true;  ///< false: Discord's OAuth 2.0, where the token endpoint gives no ID token
    std::string issuer;
    std::string client_id;
    secret client_secret;
    std::vector<std::string> app_ids;  ///< further clients of ours, whose ID tokens count too
    std::string scopes = "openid email profile";
    std::string response_mode = "query";
    proof by = proof::basic;                ///< of OpenID providers what discovery names, Apple excepted
    std::string team_id = {}, key_id = {};  ///< Apple's
    std::optional<signatures::private_key> key = std::nullopt;

    // What discovery has found, or is known beforehand.
    std::string authorization_endpoint = {}, token_endpoint = {}, userinfo_endpoint = {}, jwks_uri = {};
    key_set keys = {};
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

/// Those whose client id is set, in the order of the buttons.
std::vector<provider> providers_of(const identity_settings&);
/// One sentence for each thing that is wrong.
std::vector<std::string> mistakes_of(const identity_settings&);

/// https, or http to this machine itself, where nobody is in between.
bool is_safe(std::string_view url);

/// What /.well-known/openid-configuration says goes into `of`; false when it is not this provider's or cannot be used.
bool read_configuration(std::string_view text, provider& of);

}  // namespace airi::workers::oauth
