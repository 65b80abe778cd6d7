#include "workers/moderation/moderation.hpp"
#include "workers/moderation/resealing.hpp"
#include "workers/moderation/rules_in_force.hpp"
#include "workers/moderation/search_index.hpp"
#include "workers/moderation/shadow_rules.hpp"
#include "workers/providers/providers.hpp"
#include "workers/runtime/blocked_terms.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

// Its key is the chat providers' too; without one no moderation provider is asked.
constexpr const auto& openai = providers::openai_dialects.front();

struct moderation_settings {
    secret encryption_key;
    secret encryption_key_previous;
    secret evidence_key;
    secret evidence_key_previous;
    rotated_secret openai_api_key;
    std::string openai_base_url;

    static constexpr auto settings = std::tuple{
        setting{"ENCRYPTION_KEY", &moderation_settings::encryption_key, "Wraps the users' keys; at least 32 bytes.",
            {.required = true}},
        setting{"ENCRYPTION_KEY_PREVIOUS", &moderation_settings::encryption_key_previous,
            "The previous ENCRYPTION_KEY; keys wrapped with it are rewrapped with ENCRYPTION_KEY."},
        setting{"EVIDENCE_KEY", &moderation_settings::evidence_key,
            "Seals what crisis alerts keep of messages; at least 32 bytes.", {.required = true}},
        setting{"EVIDENCE_KEY_PREVIOUS", &moderation_settings::evidence_key_previous,
            "The previous EVIDENCE_KEY; what it sealed is sealed again with EVIDENCE_KEY."},
        setting{openai.key_setting, &moderation_settings::openai_api_key, openai.description,
            {.replaced_after = providers::key_life}},
        setting{openai.url_setting, &moderation_settings::openai_base_url, "Its base URL."},
    };

    std::vector<std::string> mistakes() const {
        auto out = seal::mistakes_of("ENCRYPTION_KEY", encryption_key, encryption_key_previous);
        for (auto& mistake : seal::mistakes_of("EVIDENCE_KEY", evidence_key, evidence_key_previous))
            out.push_back(std::move(mistake));
        return out;
    }
};

// None without a key.
moderation::provider_scores* scores_of(worker_host& host, const moderation_settings& settings) {
    auto account = providers::moderation_account_of(settings.openai_api_key, settings.openai_base_url);
    if (!account.configured()) return nullptr;
    const auto& http = host.own(http::open_client(host.executor()));
    auto& client = host.own(providers::openai_moderation(*http, std::move(account)));
    return &host.own(moderation::provider_scores(client));
}

worker wire(worker_host& host, const moderation_settings& settings) {
    const auto& master = host.own(seal::master(settings.encryption_key, settings.encryption_key_previous));
    auto& keys = host.own(moderation::user_keys(host.executor(), host.database(), master));
    auto& terms = host.own(safety::term_screen{});
    auto& data = host.own(moderation::safety_data{});
    const auto& evidence = host.own(seal::keyring(settings.evidence_key, settings.evidence_key_previous, "evidence"));
    host.reload_every([&] { return load_blocked_terms(host.database(), terms); }, seconds{30});
    auto& rules =
        host.own<std::shared_ptr<const moderation::thresholds>>(std::make_shared<const moderation::thresholds>());
    auto& rules_text = host.own(std::string("[]"));
    host.reload_every([&] { return moderation::load_rules(host.database(), rules_text, rules); }, seconds{30});
    host.reload_every([&] { return moderation::load_safety(host.database(), data); }, seconds{30});
    if (!settings.encryption_key_previous.empty())
        host.reload_every([&] { return moderation::user_keys::rewrap(host.database(), master); }, seconds{2});
    if (!settings.evidence_key_previous.empty())
        host.reload_every([&] { return moderation::reseal_evidence(host.database(), evidence); }, seconds{10});
    host.reload_every([&] { return moderation::seal_rows(host.database(), master); }, seconds{30});
    host.reload_every([&] { return moderation::index_messages(host.database()); }, seconds{30});
    auto& shadow = host.own(moderation::shadow_rules{});
    host.reload_every([&] { return shadow.load(host.database()); }, seconds{30});
    host.reload_every([&] { return shadow.store(host.database()); }, seconds{10});
    return moderation::declare(host.own(
        moderation::ports{host.database(), keys, terms, data, evidence, rules, scores_of(host, settings), &shadow}));
}

}  // namespace

extern const worker_module moderation_module = module_of<wire>("moderation");

}  // namespace airi::workers
