#include "platform/base/sleep.hpp"
#include "sql/statements.hpp"
#include "workers/chat/chat.hpp"
#include "workers/providers/health_monitor.hpp"
#include "workers/providers/providers.hpp"
#include "workers/runtime/blocked_terms.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

struct chat_settings : providers::provider_settings {
    seconds lease{12};
    milliseconds heartbeat{3'000};
    milliseconds first_token{15'000};
    milliseconds gap{20'000};
    seconds total{300};
    std::int64_t concurrency = 1'000;

    static constexpr auto settings = std::tuple_cat(provider_settings::settings,
        std::tuple{
            setting{"CHAT_LEASE", &chat_settings::lease,
                "Lifetime of a reply's lease: when another worker takes over a dead worker's replies.",
                {.min = 2, .max = 600}},
            setting{"CHAT_HEARTBEAT", &chat_settings::heartbeat, "How often a reply's lease is extended.",
                {.min = 100, .max = 60'000}},
            setting{"CHAT_FIRST_TOKEN_LIMIT", &chat_settings::first_token,
                "How long a provider may take for its first token."},
            setting{"CHAT_GAP_LIMIT", &chat_settings::gap, "How long a provider may pause between tokens."},
            setting{"CHAT_TOTAL_LIMIT", &chat_settings::total, "How long a reply may take in total."},
            setting{"AI_WORKER_CONCURRENCY", &chat_settings::concurrency,
                "Replies that one process generates at the same time.", {.min = 1, .max = 10'000}},
        });
};

awaitable<result<>> load_cache_lifetime(postgres::database& database, seconds& lifetime) {
    const auto rows = co_await postgres::run_one(
        database, std::nullopt, sql::bind("catalogue.setting", {{"key", "reply_cache_seconds"}}));
    if (!rows) co_return rows.error();
    lifetime = seconds{rows->integer(0, 0)};
    co_return result<>{};
}

awaitable<result<>> load_distress(postgres::database& database, std::string& instructions) {
    const auto rows = co_await postgres::run_one(
        database, std::nullopt, sql::bind("catalogue.setting", {{"key", "crisis_instructions"}}));
    if (!rows) co_return rows.error();
    instructions = rows->text(0, 0);
    co_return result<>{};
}

// The stopped generations get a moment to give their leases back.
awaitable<> release_all(chat::live_generations& live) {
    live.drain();
    co_await sleep(milliseconds{100});
}

worker wire(worker_host& host, const chat_settings& settings) {
    const auto& http = host.own(http::open_client(host.executor()));
    const auto& chat_providers = host.own(providers::from_settings(settings, *http, host.executor()));
    auto& database = host.database();
    auto& rules = host.own(providers::provider_rules{});
    auto& health = host.own(providers::health_table{});
    auto& budgets = host.own(providers::provider_budgets(host.redis(), rules, health));
    const auto& slot = host.settings().instance;
    auto& monitor = host.own(
        providers::health_monitor(database, chat_providers, health, rules, slot.empty() ? host.owner() : slot));
    auto& models = host.own<providers::model_list>(std::make_shared<const std::vector<providers::priced_model>>());
    auto& live = host.own(chat::live_generations{});
    chat::chat_options options;
    options.times = {settings.lease, settings.heartbeat};
    options.limits = {settings.first_token, settings.gap, settings.total};
    auto& cache_lifetime = host.own(seconds{0});
    const auto& cache = host.own(chat::open_reply_cache(host.redis(), cache_lifetime));
    host.reload_every([&] { return providers::load_models(database, chat_providers, models); }, seconds{30});
    host.reload_every([&] { return load_cache_lifetime(database, cache_lifetime); }, seconds{10});
    auto& distress = host.own(std::string{});
    host.reload_every([&] { return load_distress(database, distress); }, seconds{10});
    auto& terms = host.own(safety::term_screen{});
    host.reload_every([&] { return load_blocked_terms(database, terms); }, seconds{30});
    host.reload_every([&] { return providers::load_rules(database, rules); }, seconds{5});
    host.reload_every([&] { return monitor.refresh(); }, seconds{5});
    // Generations in progress are stopped at once when their client cancels them. A cancellation that is published
    // while Redis is unavailable is in Postgres too, where the heartbeat finds it.
    host.subscribe(events::cancel_channel, [&](std::string_view payload) {
        if (const auto id = generation_id::parse(payload)) live.cancel(*id);
    });
    host.on_drain_timeout([&] { return release_all(live); });
    auto work = chat::declare(host.own(chat::ports{database, host.frames(), chat_providers, health, models, rules,
        budgets, live, host.owner(), options, terms, cache.get(), distress}));
    work.max_in_flight = static_cast<std::size_t>(settings.concurrency);
    return work;
}

}  // namespace

extern const worker_module chat_module = module_of<wire>("chat");

}  // namespace airi::workers
