// Which offset of a partition may be committed while records finish out of order: the lowest unfinished one. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

namespace airi::workers {

class offset_tracker {
public:
    /// Offsets rise; gaps are allowed (compaction, control records).
    void started(std::int64_t offset);
    /// The record is done for good. Returns the next offset to read, if it has risen since the last one returned.
    std::optional<std::int64_t> finished(std::int64_t offset);
    std::size_t in_work() const noexcept { return open_.size(); }

private:
    std::set<std::int64_t> open_;
    std::int64_t next_ = -1;      // one after the highest started
    std::int64_t reported_ = -1;  // last value returned
};

}  // namespace airi::workers
