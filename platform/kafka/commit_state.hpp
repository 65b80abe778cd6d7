// What is known of each assigned partition: what was handed over, what the owner has finished, what the group
// has stored. Decides what to commit; does no I/O. Used by the consumer.
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
    /// What these partitions still owe is forgotten: they belong to someone else.
    void revoke(const std::vector<partition_id>& partitions);
    bool assigned(const partition_id& which) const { return entries_.contains(which); }

    void handed_over(const partition_id& which, std::int64_t offset);
    /// The owner's word that everything before `next` is finished; the latest wins. Ignored for a partition
    /// that is not ours, and for offsets from before this assignment: they are a late word about an earlier
    /// one, and another process may have got further since.
    void finished(const partition_id& which, std::int64_t next);

    /// What has been finished and not been stored.
    offsets owed() const;
    void stored(const partition_id& which, std::int64_t next);

    /// The offset after the last one handed over; -1 before the first.
    std::int64_t position(const partition_id& which) const;
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
