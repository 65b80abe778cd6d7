#include "workers/operations/topics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "events/topics.hpp"

namespace airi::workers::operations {
namespace {

constexpr milliseconds broker_limit{30'000};
constexpr milliseconds watch{2'000};
// Clients refresh what they know of a topic every 10 s (platform/kafka/client.cpp).
constexpr milliseconds until_all_know{11'000};

using topics = std::vector<kafka::topic_state>;

// The topic, and its retries if it has any: a retried record is older than those of its key that follow.
result<topics> offsets_with_retries(const kafka::access& brokers, const std::string& topic) {
    auto first = kafka::offsets_of(brokers, topic, broker_limit);
    if (!first) return first.error();
    topics out{std::move(*first)};
    auto retries = kafka::offsets_of(brokers, topic + events::retry_suffix, broker_limit);
    if (retries)
        out.push_back(std::move(*retries));
    else if (retries.error() != kafka::errc::unknown_topic)
        return retries.error();
    return out;
}

std::int64_t appended(const topics& before, const topics& after) {
    const auto all = [](const topics& of) {
        std::int64_t out = 0;
        for (const auto& topic : of)
            for (const auto& [partition, end] : topic.end) out += end;
        return out;
    };
    return all(after) - all(before);
}

// A partition without an offset of the group is unread.
std::int64_t unread_by(const kafka::group_state& group, const kafka::topic_state& topic) {
    std::int64_t out = 0;
    for (const auto& [partition, end] : topic.end) {
        const auto place = std::ranges::find_if(
            group.places, [&](const auto& one) { return one.topic == topic.name && one.partition == partition; });
        const auto first = topic.first.at(partition);
        out += end - (place == group.places.end() ? first : std::max(place->next, first));
    }
    return out;
}

}  // namespace

std::vector<std::string> unread(const topics& of, const std::vector<kafka::group_state>& groups) {
    std::vector<std::string> out;
    for (const auto& topic : of)
        for (const auto& group : groups) {
            const bool reads =
                group.assigned.contains(topic.name) ||
                std::ranges::find(group.places, topic.name, &kafka::group_place::topic) != group.places.end();
            const auto count = reads ? unread_by(group, topic) : 0;
            if (count > 0)
                out.push_back(
                    fmt::format("the group \"{}\" has {} records of {} to read", group.name, count, topic.name));
        }
    return out;
}

result<growth_result> grow_topic(const kafka::access& brokers, const topic_growth& asked) {
    const auto before = offsets_with_retries(brokers, asked.topic);
    if (!before) return before.error();
    growth_result out;
    out.before = static_cast<int>(before->front().first.size());
    if (asked.partitions <= out.before) {
        out.obstacles.push_back(
            fmt::format("{} has {} partitions, and cannot have fewer or as many", asked.topic, out.before));
        return out;
    }
    std::this_thread::sleep_for(watch);
    // A record behind these ends has arrived meanwhile, one before them is unread.
    const auto groups = kafka::groups_of(brokers, broker_limit);
    if (!groups) return groups.error();
    const auto now = offsets_with_retries(brokers, asked.topic);
    if (!now) return now.error();
    out.obstacles = unread(*now, *groups);
    if (const auto count = appended(*before, *now); count > 0)
        out.obstacles.push_back(
            fmt::format("{} records arrived within {} s: stop what publishes them", count, watch.count() / 1000));
    if (!out.obstacles.empty() || asked.dry_run) return out;
    if (const auto done = kafka::add_partitions(brokers, asked.topic, asked.partitions, broker_limit); !done)
        return done.error();
    std::this_thread::sleep_for(until_all_know);
    const auto after = offsets_with_retries(brokers, asked.topic);
    if (!after) return after.error();
    out.meanwhile = appended(*now, *after);
    return out;
}

}  // namespace airi::workers::operations
