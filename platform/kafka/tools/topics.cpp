// airi-topics: creates every topic of the platform that is not there yet, and gives the users gateway, worker and
// operations their rights to them.
#include <cstdio>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "events/topics.hpp"
#include "platform/base/log.hpp"
#include "platform/base/settings.hpp"
#include "platform/base/split.hpp"
#include "platform/kafka/kafka.hpp"

namespace {

using namespace airi;
using kafka::right;

struct topics_settings : kafka::access {
    std::int64_t partitions = 12;

    static constexpr auto settings = std::tuple_cat(
        std::tuple{
            setting{"AIRI_PARTITIONS", &topics_settings::partitions,
                "Partitions of a new topic; a quarter of them for retries, one for dead letters.",
                {.min = 1, .max = 1000}},
        },
        kafka::access::settings);
};

// The gateway writes its events and reads nothing. Dead letters are for operators: of the workers only those that are
// the user operations read them. It sees and moves every group.
std::vector<right> rights() {
    constexpr auto topic = right::kind::topic;
    std::vector<right> out;
    for (const auto& name : events::topics_of_gateway())
        out.push_back({"gateway", topic, name, right::operation::write});
    for (const auto& name : events::topics()) {
        out.push_back({"worker", topic, name, right::operation::write});
        out.push_back({"operations", topic, name, right::operation::write});
        out.push_back({"operations", topic, name, right::operation::read});
        if (!name.ends_with(events::dead_letter_suffix)) out.push_back({"worker", topic, name, right::operation::read});
    }
    for (const auto group : split(AIRI_WORKER_GROUPS, ','))
        out.push_back({"worker", right::kind::group, std::string(group), right::operation::read});
    out.push_back({"operations", right::kind::group, "*", right::operation::read});
    return out;
}

int run(const topics_settings& settings) {
    constexpr milliseconds limit{30'000};
    const auto whole = static_cast<int>(settings.partitions);
    std::vector<kafka::topic_spec> specs;
    for (const auto& name : events::topics())
        specs.push_back({name, events::partitions_of(name, whole), {{"message.timestamp.type", "LogAppendTime"}}});
    // Rights first: a topic is seen with its rights, or not yet.
    auto done = kafka::grant_rights(settings, rights(), limit);
    if (done) done = kafka::create_topics(settings, specs, limit);
    if (!done) {
        std::fprintf(stderr, "airi-topics: %s\n", done.error().message().c_str());
        return 1;
    }
    std::printf("%zu topics\n", specs.size());
    return 0;
}

}  // namespace

int main(int count, char** arguments) try {
    topics_settings settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    log::start("airi-topics", "info");
    return run(settings);
} catch (const std::exception& e) {
    std::fprintf(stderr, "airi-topics: %s\n", e.what());
    return 2;
}
