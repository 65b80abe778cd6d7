// Consumer groups, seen from outside: their offsets, and moving a stopped one.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "platform/kafka/topic_reader.hpp"

namespace airi::kafka {

/// A group's place in a partition: the offset of the next record that it reads, and the one behind the last record.
struct group_place {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t next = 0, end = 0;

    std::int64_t lag() const { return end - next; }
};

struct group_state {
    std::string name, state;  ///< "Stable", "Empty", … as Kafka names it
    std::size_t members = 0;
    std::vector<group_place> places;  ///< of each partition in which it has committed an offset
    std::set<std::string> assigned;   ///< the topics that its members read
};

/// All of them, by name. Blocks, up to `limit` for each request. Errors: unavailable; misconfigured when this user may
/// not see groups.
result<std::vector<group_state>> groups_of(const access&, milliseconds limit);

/// Lets the group go on with the topic at these offsets. The broker refuses it (rejected) while the group has members.
result<> move_group(
    const access&, const std::string& group, const std::string& topic, const positions& to, milliseconds limit);

}  // namespace airi::kafka
