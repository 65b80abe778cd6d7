#include "workers/oauth/oauth.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

struct oauth_worker_settings : oauth::identity_settings {
    seconds refresh{30};

    static constexpr auto settings = std::tuple{
        setting{"GOOGLE_CLIENT_ID", &identity_settings::google_client_id, "Google's OAuth client id; empty: disabled."},
        setting{"GOOGLE_CLIENT_SECRET", &identity_settings::google_client_secret, "Google's client secret."},
        setting{"GOOGLE_APP_IDS", &identity_settings::google_app_ids,
            "Further client ids of apps whose ID tokens are accepted, separated by commas."},
        setting{"GOOGLE_ISSUER", &identity_settings::google_issuer, "The issuer of Google, or of a test double."},
        setting{"APPLE_CLIENT_ID", &identity_settings::apple_client_id, "Apple's Services ID; empty: disabled."},
        setting{"APPLE_TEAM_ID", &identity_settings::apple_team_id, "Apple's team id."},
        setting{"APPLE_KEY_ID", &identity_settings::apple_key_id, "The id of APPLE_PRIVATE_KEY."},
        setting{"APPLE_PRIVATE_KEY", &identity_settings::apple_private_key,
            "The content of the .p8 file; \\n is read as a newline."},
        setting{"APPLE_APP_IDS", &identity_settings::apple_app_ids,
            "Bundle ids of apps whose ID tokens are accepted, separated by commas."},
        setting{"APPLE_ISSUER", &identity_settings::apple_issuer, "The issuer of Apple, or of a test double."},
        setting{
            "DISCORD_CLIENT_ID", &identity_settings::discord_client_id, "Discord's application id; empty: disabled."},
        setting{"DISCORD_CLIENT_SECRET", &identity_settings::discord_client_secret, "Discord's client secret."},
        setting{
            "DISCORD_BASE_URL", &identity_settings::discord_base_url, "The base URL of Discord, or of a test double."},
        setting{"OIDC_CLIENT_ID", &identity_settings::oidc_client_id,
            "The client id at an OpenID Connect provider; empty: disabled."},
        setting{
            "OIDC_CLIENT_SECRET", &identity_settings::oidc_client_secret, "The client secret; empty: a public client."},
        setting{"OIDC_ISSUER", &identity_settings::oidc_issuer, "The provider's issuer, as in its discovery document."},
        setting{"OIDC_NAME", &identity_settings::oidc_name, "The provider's name on the login button."},
        setting{"OIDC_APP_IDS", &identity_settings::oidc_app_ids,
            "Further client ids of apps whose ID tokens are accepted, separated by commas."},
        setting{"IDENTITY_REFRESH", &oauth_worker_settings::refresh,
            "How often the providers' rows in the database are renewed.", {.min = 1, .max = 60}},
    };

    std::vector<std::string> mistakes() const { return oauth::mistakes_of(*this); }
};

worker wire(worker_host& host, const oauth_worker_settings& settings) {
    const auto& client = host.own(http::open_client(host.executor()));
    auto& providers = host.own(oauth::providers_of(settings));
    const auto& ports = host.own(oauth::ports{host.database(), *client, providers});
    host.reload_every([&] { return oauth::renew_providers(ports); }, settings.refresh);
    return oauth::declare(ports);
}

}  // namespace

extern const worker_module oauth_module = module_of<wire>("oauth");

}  // namespace airi::workers
