#include "workers/oauth/oauth.hpp"
#include "workers/runtime/worker_process.hpp"

namespace {

using namespace airi;
using namespace airi::workers;

struct settings_of_identity : worker_settings, oauth::identity_settings {
    seconds refresh{30};

    static constexpr auto settings = std::tuple_cat(worker_settings::settings,
        std::tuple{
            setting{
                "GOOGLE_CLIENT_ID", &identity_settings::google_client_id, "Google's OAuth client; empty: not offered."},
            setting{"GOOGLE_CLIENT_SECRET", &identity_settings::google_client_secret, "Its secret."},
            setting{"GOOGLE_APP_IDS", &identity_settings::google_app_ids,
                "Client ids of apps whose ID tokens count too, separated by commas."},
            setting{"GOOGLE_ISSUER", &identity_settings::google_issuer, "Google, or what stands in for it."},
            setting{"APPLE_CLIENT_ID", &identity_settings::apple_client_id, "Apple's Services ID; empty: not offered."},
            setting{"APPLE_TEAM_ID", &identity_settings::apple_team_id, "The team that it belongs to."},
            setting{"APPLE_KEY_ID", &identity_settings::apple_key_id, "The id of the key below."},
            setting{"APPLE_PRIVATE_KEY", &identity_settings::apple_private_key,
                "The text of the .p8 file; \\n may stand for the ends of its lines."},
            setting{
                "APPLE_APP_IDS", &identity_settings::apple_app_ids, "Bundle ids of apps whose ID tokens count too."},
            setting{"APPLE_ISSUER", &identity_settings::apple_issuer, "Apple, or what stands in for it."},
            setting{"DISCORD_CLIENT_ID", &identity_settings::discord_client_id,
                "Discord's application; empty: not offered."},
            setting{"DISCORD_CLIENT_SECRET", &identity_settings::discord_client_secret, "Its secret."},
            setting{"DISCORD_BASE_URL", &identity_settings::discord_base_url, "Discord, or what stands in for it."},
            setting{"OIDC_CLIENT_ID", &identity_settings::oidc_client_id,
                "A client at any OpenID provider; empty: not offered."},
            setting{
                "OIDC_CLIENT_SECRET", &identity_settings::oidc_client_secret, "Its secret; empty: a public client."},
            setting{"OIDC_ISSUER", &identity_settings::oidc_issuer, "The provider, as its configuration names itself."},
            setting{"OIDC_NAME", &identity_settings::oidc_name, "What the button says."},
            setting{"OIDC_APP_IDS", &identity_settings::oidc_app_ids, "Client ids of apps whose ID tokens count too."},
            setting{"IDENTITY_REFRESH", &settings_of_identity::refresh,
                "How often it is said that the providers are there.", {.min = 1, .max = 60}},
        });

    std::vector<std::string> mistakes() const { return oauth::mistakes_of(*this); }
};

}  // namespace

int main(int count, char** arguments) {
    settings_of_identity settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    worker_process whole("oauth", settings);
    const auto out = http::open_client(whole.on());
    auto providers = oauth::providers_of(settings);
    const oauth::ports use{whole.database(), *out, providers};
    whole.reload_every([&]() -> awaitable<result<>> { return oauth::renew_providers(use); }, settings.refresh);
    return whole.run(oauth::declare(use));
}
