#include "workers/memory/memory.hpp"
#include "workers/providers/providers.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

worker wire(worker_host& host, const providers::provider_settings& settings) {
    const auto& http = host.own(http::open_client(host.executor()));
    const auto& chat_providers = host.own(providers::from_settings(settings, *http, host.executor()));
    auto& health = host.own(providers::health_table{});
    auto& models = host.own<providers::model_list>(std::make_shared<const std::vector<providers::priced_model>>());
    host.reload_every([&] { return providers::load_models(host.database(), models); }, seconds{30});
    return memory::declare(host.own(memory::ports{host.database(), chat_providers, health, models}));
}

}  // namespace

extern const worker_module memory_module = module_of<wire>("memory");

}  // namespace airi::workers
