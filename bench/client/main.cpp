#include <sys/resource.h>

#include <exception>
#include <iostream>
#include <utility>

#include "bench/client/scenarios.hpp"
#include "platform/base/log.hpp"

namespace {

using airi::bench::options;

constexpr std::pair<std::string_view, std::string (*)(const options&)> scenarios[]{
    {"latency", airi::bench::latency},
    {"provider", airi::bench::provider},
    {"pipeline", airi::bench::pipeline},
    {"idle", airi::bench::idle},
    {"fanout", airi::bench::fanout},
    {"ingress", airi::bench::ingress},
    {"reads", airi::bench::reads},
    {"floor", airi::bench::floor},
};

void raise_descriptor_limit() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

int main(int count, char** arguments) {
    raise_descriptor_limit();
    airi::log::start("bench", "warn");
    try {
        for (const auto& [name, run] : scenarios)
            if (count > 1 && name == arguments[1]) {
                std::cout << run(options(count - 2, arguments + 2)) << std::endl;
                return 0;
            }
        std::cerr << "usage: airi-bench latency|provider|pipeline|idle|fanout|ingress|reads|floor --name value …\n";
        return 2;
    } catch (const std::exception& e) {
        std::cerr << "airi-bench: " << e.what() << '\n';
        return 1;
    }
}
