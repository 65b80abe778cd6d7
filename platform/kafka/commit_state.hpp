// Per assigned partition: the offsets handed over, finished by the owner, and stored by the group. Decides which
// offsets to commit; does no I/O. Used by the consumer.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "platform/kafka/kafka.hpp"

namespace airi::kafka {

using offsets = std::vector<std::pair<partition_id, std::int64_t>>;

/// Not thread safe.
class commit_state {
public:
    void assign(const std::vector<partition_id>& partitions);
    /// Drops the offsets due of these partitions: they belong to another member.
    void revoke(const std::vector<partition_id>& partitions);
    bool assigned(const partition_id& partition) const { return entries_.contains(partition); }

    void handed_over(const partition_id& partition, std::int64_t offset);
    /// The owner has finished everything before `next`; the latest call wins. Ignored for a partition that is not
    /// assigned, and for offsets from before this assignment: they come late from an earlier one, and another
    /// process may have committed more since.
    void finished(const partition_id& partition, std::int64_t next);

    /// The offsets that are finished and not stored.
    offsets due() const;
    void stored(const partition_id& partition, std::int64_t next);

    /// Whether every record handed over is finished and stored: until the next record nothing becomes due.
    bool settled() const;
    /// The offset after the last one handed over; -1 before the first.
    std::int64_t position(const partition_id& partition) const;
    std::vector<partition_id> partitions() const;

private:
    struct entry {
        std::int64_t first = -1;
        std::int64_t next = -1;
        std::int64_t finished = -1;
        std::int64_t stored = -1;
    };
    std::map<partition_id, entry> entries_;
};

}  // namespace airi::kafka
