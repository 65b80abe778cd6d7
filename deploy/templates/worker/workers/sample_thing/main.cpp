#include "workers/runtime/worker_process.hpp"
#include "workers/sample_thing/sample_thing.hpp"

int main(int count, char** arguments) {
    using namespace airi::workers;
    worker_settings settings;
    if (const auto code = airi::load_or_exit_code(count, arguments, settings)) return *code;
    worker_process process("sample_thing", settings);
    return process.run(sample_thing::declare());
}
