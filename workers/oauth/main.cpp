#include "workers/oauth/oauth.hpp"
#include "workers/runtime/worker_process.hpp"

namespace {

using namespace airi;
using namespace airi::workers;

struct oauth_worker_settings : worker_settings, oauth::identity_settings {
    seconds refresh{30};

    static constexpr auto settings = std::tuple_cat(worker_settings::settings,
        std::tuple{
            setting{
                "GOOGLE_CLIENT_ID", &identity_settings::google_client_id, "Google's OAuth client; empty: not offered."},
            setting{"GOOGLE_CLIENT_SECRET", &identity_settings::google_client_secret, "Its secret."},
            setting{"GOOGLE_APP_IDS", &identity_settings::google_app_ids,
                "Client ids of apps whose ID tokens are accepted too, separated by commas."},
            setting{"GOOGLE_ISSUER", &identity_settings::google_issuer, "Google, or a stand-in."},
            setting{"APPLE_CLIENT_ID", &identity_settings::apple_client_id, "Apple's Services ID; empty: not offered."},
            setting{"APPLE_TEAM_ID", &identity_settings::apple_team_id, "The team of the Services ID."},
            setting{"APPLE_KEY_ID", &identity_settings::apple_key_id, "The id of the key below."},
            setting{"APPLE_PRIVATE_KEY", &identity_settings::apple_private_key,
                "The text of the .p8 file; \\n may stand for a line end."},
            setting{"APPLE_APP_IDS", &identity_settings::apple_app_ids,
                "Bundle ids of apps whose ID tokens are accepted too."},
            setting{"APPLE_ISSUER", &identity_settings::apple_issuer, "Apple, or a stand-in."},
            setting{"DISCORD_CLIENT_ID", &identity_settings::discord_client_id,
                "Discord's application; empty: not offered."},
            setting{"DISCORD_CLIENT_SECRET", &identity_settings::discord_client_secret, "Its secret."},
            setting{"DISCORD_BASE_URL", &identity_settings::discord_base_url, "Discord, or a stand-in."},
            setting{"OIDC_CLIENT_ID", &identity_settings::oidc_client_id,
                "A client at any OpenID provider; empty: not offered."},
            setting{
                "OIDC_CLIENT_SECRET", &identity_settings::oidc_client_secret, "Its secret; empty: a public client."},
            setting{"OIDC_ISSUER", &identity_settings::oidc_issuer, "The provider's issuer, as in its configuration."},
            setting{"OIDC_NAME", &identity_settings::oidc_name, "The text of the button."},
            setting{"OIDC_APP_IDS", &identity_settings::oidc_app_ids,
                "Client ids of apps whose ID tokens are accepted too."},
            setting{"IDENTITY_REFRESH", &oauth_worker_settings::refresh,
                "How often the rows of the providers are renewed.", {.min = 1, .max = 60}},
        });

    std::vector<std::string> mistakes() const { return oauth::mistakes_of(*this); }
};

}  // namespace

int main(int count, char** arguments) {
    oauth_worker_settings settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    worker_process process("oauth", settings);
    const auto client = http::open_client(process.executor());
    auto providers = oauth::providers_of(settings);
    const oauth::ports ports{process.database(), *client, providers};
    process.reload_every([&] { return oauth::renew_providers(ports); }, settings.refresh);
    return process.run(oauth::declare(ports));
}
