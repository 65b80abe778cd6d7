#include "workers/exports/exports.hpp"
#include "workers/runtime/worker_process.hpp"

int main(int count, char** arguments) {
    using namespace airi::workers;
    worker_settings settings;
    if (const auto code = airi::load_or_exit_code(count, arguments, settings)) return *code;
    worker_process process("exports", settings);
    return process.run(exports::declare(process.database()));
}
