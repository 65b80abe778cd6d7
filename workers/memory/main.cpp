#include "workers/memory/memory.hpp"
#include "workers/providers/providers.hpp"
#include "workers/runtime/worker_process.hpp"

namespace {

using namespace airi;
using namespace airi::workers;

struct memory_settings : worker_settings, providers::provider_settings {
    static constexpr auto settings = std::tuple_cat(worker_settings::settings, provider_settings::settings);
};

}  // namespace

int main(int count, char** arguments) {
    memory_settings settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    worker_process process("memory", settings);
    const auto http = http::open_client(process.executor());
    const auto chat_providers = providers::from_settings(settings, *http, process.executor());
    providers::health_table health;
    providers::model_list models = std::make_shared<const std::vector<providers::priced_model>>();
    const memory::ports ports{process.database(), chat_providers, health, models};
    process.reload_every([&] { return providers::load_models(process.database(), models); }, seconds{30});
    return process.run(memory::declare(ports));
}
