#include "sql/statements.hpp"
#include "workers/moderation/moderation.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

struct moderation_settings {
    secret encryption_key;
    secret encryption_key_previous;

    static constexpr auto settings = std::tuple{
        setting{"ENCRYPTION_KEY", &moderation_settings::encryption_key, "Wraps the users' keys; at least 32 bytes.",
            {.required = true}},
        setting{"ENCRYPTION_KEY_PREVIOUS", &moderation_settings::encryption_key_previous,
            "The previous ENCRYPTION_KEY; keys wrapped with it are rewrapped with ENCRYPTION_KEY."},
    };

    std::vector<std::string> mistakes() const { return seal::mistakes_of(encryption_key, encryption_key_previous); }
};

awaitable<result<>> load_terms(postgres::database& database, moderation::term_list& terms) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("catalogue.blocked_terms", {}));
    if (!rows) co_return rows.error();
    auto loaded = std::make_shared<std::vector<moderation::term>>();
    for (std::size_t i = 0; i < rows->size(); ++i) {
        auto [text, category, action] = rows->read<std::string_view, std::string, std::string>(i);
        loaded->push_back({moderation::normalise(text), std::move(category), std::move(action)});
    }
    terms = std::move(loaded);
    co_return result<>{};
}

worker wire(worker_host& host, const moderation_settings& settings) {
    const auto& master = host.own(seal::master(settings.encryption_key, settings.encryption_key_previous));
    auto& keys = host.own(moderation::user_keys(host.executor(), host.database(), master));
    auto& terms = host.own<moderation::term_list>(std::make_shared<std::vector<moderation::term>>());
    host.reload_every([&] { return load_terms(host.database(), terms); }, seconds{30});
    if (!settings.encryption_key_previous.empty())
        host.reload_every([&] { return moderation::user_keys::rewrap(host.database(), master); }, seconds{2});
    return moderation::declare(terms, keys);
}

}  // namespace

extern const worker_module moderation_module = module_of<wire>("moderation");

}  // namespace airi::workers
