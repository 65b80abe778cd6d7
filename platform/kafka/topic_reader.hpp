// Reads what a topic holds, in no consumer group: nobody's offsets move, and it comes to an end.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "platform/base/clock.hpp"
#include "platform/kafka/kafka.hpp"

namespace airi::kafka {

/// What is read of a topic: records appended from `from` on and before `to`; none: from its beginning, and up to what
/// it holds when reading begins.
struct topic_range {
    std::string topic;
    std::optional<instant> from, to;
};

/// The next offset of each partition.
using positions = std::map<std::int32_t, std::int64_t>;

/// Blocks; one thread only. It reads what transactions have committed.
class topic_reader {
public:
    /// `begun`: where an earlier reader of the same range stopped; partitions that are missing there begin anew.
    /// Errors: unknown_topic, unavailable when no broker answers within `limit`.
    static result<std::unique_ptr<topic_reader>> open(
        const access&, const topic_range&, const positions& begun, milliseconds limit);
    virtual ~topic_reader() = default;

    /// The next record, in order per partition; nothing at the end. unavailable when none comes within the limit.
    virtual result<std::optional<message>> next() = 0;
    /// What is left, in offsets: some of them may be no records.
    virtual std::int64_t left() const = 0;
    /// Behind the last record that next() returned.
    virtual const positions& reached() const = 0;
};

}  // namespace airi::kafka
