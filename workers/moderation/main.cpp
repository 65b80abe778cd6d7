#include "sql/statements.hpp"
#include "workers/moderation/moderation.hpp"
#include "workers/runtime/worker_process.hpp"

namespace {

using namespace airi;
using namespace airi::workers;

struct moderation_settings : worker_settings {
    secret encryption_key;
    secret encryption_key_previous;

    static constexpr auto settings = std::tuple_cat(
        worker_settings::settings, std::tuple{
                                       setting{"ENCRYPTION_KEY", &moderation_settings::encryption_key,
                                           "Wraps the users' keys; at least 32 bytes.", {.required = true}},
                                       setting{"ENCRYPTION_KEY_PREVIOUS", &moderation_settings::encryption_key_previous,
                                           "Still unwraps: every key is wrapped anew."},
                                   });

    std::vector<std::string> mistakes() const { return seal::mistakes_of(encryption_key, encryption_key_previous); }
};

awaitable<result<>> load_terms(postgres::database& from, moderation::term_list& into) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("catalogue.blocked_terms", {}));
    const auto rows = co_await from.run(std::move(ask));
    if (!rows) co_return rows.error();
    auto terms = std::make_shared<std::vector<moderation::term>>();
    const auto& all = rows->front();
    for (std::size_t i = 0; i < all.size(); ++i)
        terms->push_back(
            {moderation::normalise(all.text(i, 0)), std::string(all.text(i, 1)), std::string(all.text(i, 2))});
    into = std::move(terms);
    co_return result<>{};
}

}  // namespace

int main(int count, char** arguments) {
    moderation_settings settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    const seal::master master(settings.encryption_key, settings.encryption_key_previous);
    worker_process whole("moderation", settings);
    moderation::user_keys keys(whole.on(), whole.database(), master);
    moderation::term_list terms = std::make_shared<std::vector<moderation::term>>();
    whole.reload_every([&] { return load_terms(whole.database(), terms); }, seconds{30});
    if (!settings.encryption_key_previous.empty())
        whole.reload_every([&] { return moderation::user_keys::rewrap(whole.database(), master); }, seconds{2});
    return whole.run(moderation::declare(terms, keys));
}
