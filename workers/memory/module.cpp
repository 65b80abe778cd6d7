#include "workers/memory/memory.hpp"
#include "workers/providers/health_monitor.hpp"
#include "workers/providers/providers.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

worker wire(worker_host& host, const providers::provider_settings& settings) {
    const auto& http = host.own(http::open_client(host.executor()));
    const auto& chat_providers = host.own(providers::from_settings(settings, *http, host.executor()));
    auto& rules = host.own(providers::provider_rules{});
    auto& health = host.own(providers::health_table{});
    auto& budgets = host.own(providers::provider_budgets(host.redis(), rules, health));
    // It reads what the chat workers know; its own rare calls exclude no provider for them.
    auto& monitor = host.own(providers::health_monitor(host.database(), chat_providers, health, rules, {}));
    auto& models = host.own<providers::model_list>(std::make_shared<const std::vector<providers::priced_model>>());
    host.reload_every([&] { return providers::load_models(host.database(), chat_providers, models); }, seconds{30});
    host.reload_every([&] { return providers::load_rules(host.database(), rules); }, seconds{5});
    host.reload_every([&] { return monitor.refresh(); }, seconds{5});
    return memory::declare(host.own(memory::ports{host.database(), chat_providers, health, models, rules, budgets}));
}

}  // namespace

extern const worker_module memory_module = module_of<wire>("memory");

}  // namespace airi::workers
