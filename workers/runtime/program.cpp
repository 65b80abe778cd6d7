#include "workers/runtime/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "workers/runtime/worker_process.hpp"

namespace airi::workers {
namespace {

std::string names_of(module_list modules) {
    std::string out;
    for (const auto* module : modules) out += (out.empty() ? "" : " ") + std::string(module->name);
    return out;
}

}  // namespace

choice choose(std::string_view names, module_list known) {
    choice out;
    for (bool last = false; !last;) {
        const auto end = std::min(names.find(','), names.size());
        const auto name = names.substr(0, end);
        last = end == names.size();
        names.remove_prefix(last ? end : end + 1);
        const auto found = std::find_if(known.begin(), known.end(), [&](auto* one) { return one->name == name; });
        if (found == known.end())
            return {{}, fmt::format("no worker is named \"{}\"; the workers are: {}", name, names_of(known))};
        if (std::find(out.modules.begin(), out.modules.end(), *found) != out.modules.end())
            return {{}, fmt::format("{} is named twice", name)};
        out.modules.push_back(*found);
    }
    return out;
}

std::vector<setting_help> settings_of(module_list modules) {
    auto out = settings_help<worker_settings>();
    for (const auto* module : modules)
        for (auto& one : module->settings()) out.push_back(std::move(one));
    return out;
}

int run_program(int count, const char* const* arguments, module_list known) {
    const std::string_view first = count > 1 ? arguments[1] : "";
    if (first.empty() || first == "--help" || first == "-h") {
        fmt::print(first.empty() ? stderr : stdout,
            "airi-worker <name>[,<name>…] [--help|--check] runs these workers in one process.\n"
            "The workers are: {}\n",
            names_of(known));
        return first.empty() ? 2 : 0;
    }
    const auto chosen = choose(first, known);
    if (!chosen.mistake.empty()) {
        fmt::print(stderr, "airi-worker: {}\n", chosen.mistake);
        return 2;
    }
    const auto environment = environment::of_process();
    settings_reader reader(environment);
    worker_settings shared;
    reader.load(shared);
    std::vector<worker_module::wiring> wirings;
    for (const auto* module : chosen.modules) wirings.push_back(module->load(reader));
    if (const auto code = reader.exit_code(count - 1, arguments + 1, settings_of(chosen.modules))) return *code;

    try {
        worker_process process(chosen.modules.size() == 1 ? first : "worker", shared);
        for (std::size_t i = 0; i < wirings.size(); ++i) process.add(chosen.modules[i]->name, wirings[i]);
        return process.run();
    } catch (const std::exception& e) {
        fmt::print(stderr, "airi-worker: {}\n", e.what());
        return 2;
    }
}

}  // namespace airi::workers
