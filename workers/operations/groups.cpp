#include "workers/operations/groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace airi::workers::operations {
namespace {

constexpr milliseconds broker_limit{30'000};

// The time at which the next record of the place was appended; none: it is gone by now.
result<std::optional<instant>> time_of(
    const kafka::access& brokers, const kafka::group_state& group, const kafka::group_place& place) {
    // The other partitions are at their end.
    kafka::positions begun;
    for (const auto& one : group.places)
        if (one.topic == place.topic) begun[one.partition] = one.partition == place.partition ? one.next : one.end;
    auto reader = kafka::topic_reader::open(brokers, {place.topic, {}, {}}, begun, broker_limit);
    if (!reader && reader.error() == kafka::errc::gone) return std::optional<instant>{};
    if (!reader) return reader.error();
    for (;;) {
        const auto next = (*reader)->next();
        if (!next && next.error() == kafka::errc::gone) return std::optional<instant>{};
        if (!next) return next.error();
        if (!*next) return std::optional<instant>{};
        if ((*next)->partition == place.partition) return std::optional((*next)->appended);
    }
}

}  // namespace

result<std::vector<group_line>> group_lines(const kafka::access& brokers, const std::optional<std::string>& group) {
    const auto groups = kafka::groups_of(brokers, broker_limit);
    if (!groups) return groups.error();
    std::vector<group_line> out;
    for (const auto& one : *groups) {
        if (group && one.name != *group) continue;
        std::map<std::string, group_line> by_topic;
        for (const auto& place : one.places) {
            auto& line = by_topic[place.topic];
            if (line.group.empty()) line = {one.name, one.state, place.topic, one.members, 0, {}};
            line.lag += place.lag();
            if (place.lag() <= 0) continue;
            const auto at = time_of(brokers, one, place);
            if (!at) return at.error();
            if (*at && (!line.oldest || **at < *line.oldest)) line.oldest = *at;
        }
        for (auto& [topic, line] : by_topic) out.push_back(std::move(line));
    }
    return out;
}

result<move_result> move_group(const kafka::access& brokers, const group_move& asked) {
    const auto groups = kafka::groups_of(brokers, broker_limit);
    if (!groups) return groups.error();
    const auto group = std::ranges::find(*groups, asked.group, &kafka::group_state::name);
    if (group == groups->end()) return move_result{fmt::format("no group is named \"{}\"", asked.group), {}};
    if (group->members > 0)
        return move_result{
            fmt::format("the group \"{}\" has {} members: stop its workers first", asked.group, group->members), {}};
    const auto reader = kafka::topic_reader::open(brokers, {asked.topic, asked.at, {}}, {}, broker_limit);
    if (!reader) return reader.error();
    move_result out;
    for (const auto& [partition, offset] : (*reader)->reached()) {
        const auto place = std::ranges::find_if(
            group->places, [&](const auto& one) { return one.topic == asked.topic && one.partition == partition; });
        out.places.push_back({partition, place == group->places.end() ? -1 : place->next, offset});
    }
    if (asked.dry_run) return out;
    const auto moved = kafka::move_group(brokers, asked.group, asked.topic, (*reader)->reached(), broker_limit);
    if (!moved) return moved.error();
    return out;
}

}  // namespace airi::workers::operations
