#include "workers/runtime/program.hpp"
#include "workers/usage/usage.hpp"

int main(int count, char** arguments) {
    using namespace airi::workers;
    worker_settings settings;
    if (const auto code = airi::load_or_exit_code(count, arguments, settings)) return *code;
    program whole("usage", settings);
    return whole.run(usage::declare());
}
