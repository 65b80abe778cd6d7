// airi-embedded-kafka: a broker for trying things out where no Kafka is installed. It forgets everything when it ends.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "events/topics.hpp"
#include "platform/kafka/embedded.hpp"

namespace {

int usage() {
    std::fputs("usage: airi-embedded-kafka [--all-topics] [--topic name[:partitions]]...\n", stderr);
    return 2;
}

bool create(airi::kafka::embedded_cluster& in, const std::string& topic) {
    const auto colon = topic.rfind(':');
    const int partitions = colon == std::string::npos ? 12 : std::atoi(topic.c_str() + colon + 1);
    if (partitions < 1 || colon == 0) return false;
    in.create_topic(topic.substr(0, colon), partitions);
    return true;
}

}  // namespace

int main(int argc, char** argv) try {
    // Before the library starts threads, so that they inherit the mask.
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, nullptr);

    airi::kafka::embedded_cluster cluster;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--all-topics") {
            for (const auto& name : airi::events::topics()) cluster.create_topic(name, 12);
        } else if (option != "--topic" || ++i == argc || !create(cluster, argv[i])) {
            return usage();
        }
    }
    std::printf("listening on %s\n", cluster.brokers().c_str());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&ends, &signal);
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "airi-embedded-kafka: %s\n", e.what());
    return 1;
}
