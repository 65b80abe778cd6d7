// airi-embedded-kafka: a broker for trying things out where no Kafka is installed. It forgets everything when
// it ends.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/topics.hpp"
#include "platform/kafka/embedded.hpp"

namespace {

int usage() {
    std::fputs("usage: airi-embedded-kafka [--all-topics] [--topic name[:partitions]]...\n", stderr);
    return 2;
}

// name or name:partitions; none when it is neither.
std::optional<airi::kafka::topic_spec> parse(const std::string& text) {
    const auto colon = text.rfind(':');
    const int partitions = colon == std::string::npos ? 12 : std::atoi(text.c_str() + colon + 1);
    if (partitions < 1 || colon == 0 || text.empty()) return std::nullopt;
    return airi::kafka::topic_spec{text.substr(0, colon), partitions, {}};
}

}  // namespace

int main(int argc, char** argv) try {
    // Before the library starts threads, so that they inherit the mask.
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, nullptr);

    std::vector<airi::kafka::topic_spec> topics;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--all-topics") {
            for (const auto& name : airi::events::topics())
                topics.push_back({name, airi::events::partitions_of(name, 12), {}});
        } else if (const auto one = option == "--topic" && ++i < argc ? parse(argv[i]) : std::nullopt) {
            topics.push_back(*one);
        } else {
            return usage();
        }
    }
    airi::kafka::embedded_cluster cluster;
    cluster.create_topics(topics);
    std::printf("listening on %s\n", cluster.brokers().c_str());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&ends, &signal);
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "airi-embedded-kafka: %s\n", e.what());
    return 1;
}
