// Topics: what they hold, and adding partitions to a drained one. Used by airi-ctl.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/kafka/groups.hpp"
#include "platform/kafka/topic_states.hpp"

namespace airi::workers::operations {

struct topic_growth {
    std::string topic;
    int partitions = 0;  ///< after the growth
    bool dry_run = false;
};
struct growth_result {
    std::vector<std::string> obstacles;  ///< empty: done, or a dry run. Else nothing was changed.
    int before = 0;                      ///< the number of partitions
    std::int64_t meanwhile = 0;          ///< records that were appended while the partitions were added
};

/// A key's records go to another partition after a growth, so that nothing may be unread before it: what each group
/// that reads the topic, or its retries, still waits for. One line for each obstacle.
std::vector<std::string> unread(const std::vector<kafka::topic_state>&, const std::vector<kafka::group_state>&);

/// Adds partitions when there are no obstacles: fewer partitions than before, records that a group waits for, records
/// that arrive while it watches. Producers learn of new partitions some seconds later, so it ends when all have; until
/// then two of them may send records of one key to different partitions. Blocks for up to a minute. Errors: those of
/// kafka::offsets_of, groups_of and add_partitions.
result<growth_result> grow_topic(const kafka::access&, const topic_growth&);

}  // namespace airi::workers::operations
