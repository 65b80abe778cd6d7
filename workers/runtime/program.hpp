// The program airi-worker: `airi-worker <name>[,<name>…] [--help|--check]` runs these workers in one process.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workers/runtime/worker_module.hpp"

namespace airi::workers {

using module_list = std::span<const worker_module* const>;

struct choice {
    std::vector<const worker_module*> modules;
    /// The sentence that says what is wrong with the names; empty when nothing is.
    std::string mistake;
};

/// The modules of "chat,usage", in this order.
choice choose(std::string_view names, module_list known);

/// The settings of a process of these modules; a name that two of them have is there twice.
std::vector<setting_help> settings_of(module_list);

/// The body of main. The exit code: 2 for wrong names, arguments or settings, 1 for a worker that failed for good.
int run_program(int count, const char* const* arguments, module_list known);

}  // namespace airi::workers
