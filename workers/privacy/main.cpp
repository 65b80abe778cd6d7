#include "workers/privacy/privacy.hpp"
#include "workers/runtime/program.hpp"

int main(int count, char** arguments) {
    using namespace airi::workers;
    worker_settings settings;
    if (const auto code = airi::load_or_exit_code(count, arguments, settings)) return *code;
    program whole("privacy", settings);
    return whole.run(privacy::declare(whole.database()));
}
