// Consumer groups: the records that wait for each, and moving a stopped one. Used by airi-ctl.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/kafka/groups.hpp"

namespace airi::workers::operations {

/// A group's place in a topic.
struct group_line {
    std::string group, state, topic;
    std::size_t members = 0;
    std::int64_t lag = 0;           ///< records that wait
    std::optional<instant> oldest;  ///< when the first of them was appended
};

/// By group and topic; of one group, or of all. Blocks.
result<std::vector<group_line>> group_lines(const kafka::access&, const std::optional<std::string>& group);

/// A group's new place in a topic: the first record appended at `at` or later; without `at`, the topic's first record.
struct group_move {
    std::string group, topic;
    std::optional<instant> at;
    bool dry_run = false;
};

/// The offset before and after the move, by partition; -1: none was committed.
struct moved_place {
    std::int32_t partition = 0;
    std::int64_t from = -1, to = 0;
};
struct move_result {
    std::string mistake;  ///< empty: done, or a dry run. Else the group is unknown or has members.
    std::vector<moved_place> places;
};
/// Moves a group without members. Blocks.
result<move_result> move_group(const kafka::access&, const group_move&);

}  // namespace airi::workers::operations
