// Reads the records that a topic holds, outside every consumer group: no committed offset changes, and the reading
// ends.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "platform/base/clock.hpp"
#include "platform/kafka/kafka.hpp"

namespace airi::kafka {

/// The records of a topic that were appended at `from` or later and before `to`. Without `from` the range begins with
/// the topic, without `to` it ends with the last record at the time of opening.
struct topic_range {
    std::string topic;
    std::optional<instant> from, to;
    bool skips_gone = false;  ///< goes on with the first record that is kept where earlier ones are gone
};

/// The offset of the next record of each partition.
using positions = std::map<std::int32_t, std::int64_t>;

/// Blocks; for one thread. Records of open or aborted transactions are skipped.
class topic_reader {
public:
    /// `begun`: the positions that an earlier reader of the same range reached; a partition without one begins with the
    /// range. Errors: unknown_topic; unavailable when no broker answers within `limit`; gone when retention has deleted
    /// records behind a position of `begun`, or the whole range that `to` ends. A `from` before the first record that
    /// is left is that record's time.
    static result<std::unique_ptr<topic_reader>> open(
        const access&, const topic_range&, const positions& begun, milliseconds limit);
    virtual ~topic_reader() = default;

    /// The next record, in order per partition; nothing at the end of the range. Errors: unavailable when no record
    /// arrives within the limit; gone when the next one has been deleted meanwhile.
    virtual result<std::optional<message>> next() = 0;
    /// The number of offsets up to the end of the range; not every offset has a record.
    virtual std::int64_t left() const = 0;
    /// The positions behind the last records that next() returned.
    virtual const positions& reached() const = 0;
    /// A partition ends before its position of `begun`: the topic was deleted and created again since.
    virtual bool is_short() const = 0;
};

/// Calls `each` with every record up to the end of the range. The first error ends it: the reader's, or that of `each`.
result<> read_all(topic_reader&, const std::function<result<>(const message&)>& each);

}  // namespace airi::kafka
