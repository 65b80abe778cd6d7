// The topics, seen from outside: what each holds, and adding partitions to one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/kafka/topic_reader.hpp"

namespace airi::kafka {

struct topic_state {
    std::string name;
    positions first, end;                   ///< by partition: the oldest record's offset, and the one behind the last
    std::optional<milliseconds> retention;  ///< none: records are kept for ever
    std::optional<instant> oldest;          ///< when the oldest record was appended; none: the topic is empty

    std::int64_t records() const;  ///< end − first of all partitions; not every offset has a record
};

/// Every topic but Kafka's own, by name. Blocks, up to `limit` for each request. Errors: unavailable; misconfigured
/// when this user may not see the topics' settings.
result<std::vector<topic_state>> topics_of(const access&, milliseconds limit);

/// The partitions of one topic, without its settings and times. Blocks. Errors: unknown_topic; unavailable.
result<topic_state> offsets_of(const access&, const std::string& topic, milliseconds limit);

/// Raises the number of a topic's partitions to `partitions`, and waits until they can be used. Blocks, up to `limit`.
/// Errors: unknown_topic; unavailable; rejected for a number that is not larger.
result<> add_partitions(const access&, const std::string& topic, int partitions, milliseconds limit);

}  // namespace airi::kafka
