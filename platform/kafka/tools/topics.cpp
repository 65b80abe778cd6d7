// airi-topics: creates every topic of the platform that is not there yet.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "events/topics.hpp"
#include "platform/base/log.hpp"
#include "platform/base/settings.hpp"
#include "platform/kafka/kafka.hpp"

int main(int argc, char** argv) {
    if (argc != 3 || std::string_view(argv[1]) != "--brokers") {
        std::fputs(
            "usage: airi-topics --brokers host:port[,host:port]\n"
            "AIRI_PARTITIONS sets the number of partitions of new topics (12; a quarter for\n"
            "retries, one for dead letters).\n",
            stderr);
        return 2;
    }
    const auto settings = airi::environment::of_process().values;
    const auto wanted = settings.find("AIRI_PARTITIONS");
    const int partitions = wanted != settings.end() ? std::atoi(wanted->second.c_str()) : 12;
    if (partitions < 1) {
        std::fputs("AIRI_PARTITIONS must be a number from 1\n", stderr);
        return 2;
    }
    airi::log::start("airi-topics", "info");
    std::vector<airi::kafka::topic_spec> specs;
    for (const auto& name : airi::events::topics())
        specs.push_back(
            {name, airi::events::partitions_of(name, partitions), {{"message.timestamp.type", "LogAppendTime"}}});
    const auto done = airi::kafka::create_topics(argv[2], specs, airi::milliseconds(30'000));
    if (!done) {
        std::fprintf(stderr, "airi-topics: %s\n", done.error().message().c_str());
        return 1;
    }
    std::printf("%zu topics\n", specs.size());
    return 0;
}
