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
    worker_process whole("memory", settings);
    const auto http = http::open_client(whole.on());
    const auto models = providers::from_settings(settings, *http, whole.on());
    providers::health_table health;
    providers::model_list prices = std::make_shared<const std::vector<providers::priced_model>>();
    const memory::ports use{whole.database(), models, health, prices};
    whole.reload_every(
        [&]() -> awaitable<result<>> { return providers::load_models(whole.database(), prices); }, seconds{30});
    return whole.run(memory::declare(use));
}
