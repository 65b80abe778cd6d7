#include "platform/kafka/commit_state.hpp"

namespace airi::kafka {

void commit_state::assign(const std::vector<partition_id>& partitions) {
    for (const auto& each : partitions) entries_[each] = {};
}

void commit_state::revoke(const std::vector<partition_id>& partitions) {
    for (const auto& each : partitions) entries_.erase(each);
}

void commit_state::handed_over(const partition_id& which, std::int64_t offset) {
    const auto found = entries_.find(which);
    if (found == entries_.end()) return;
    if (found->second.first < 0) found->second.first = offset;
    found->second.next = offset + 1;
}

void commit_state::finished(const partition_id& which, std::int64_t next) {
    const auto found = entries_.find(which);
    if (found == entries_.end()) return;
    auto& e = found->second;
    if (e.first < 0 || next <= e.first) return;
    e.finished = next;
}

offsets commit_state::owed() const {
    offsets list;
    for (const auto& [which, e] : entries_)
        if (e.finished >= 0 && e.finished != e.stored) list.emplace_back(which, e.finished);
    return list;
}

void commit_state::stored(const partition_id& which, std::int64_t next) {
    if (const auto found = entries_.find(which); found != entries_.end()) found->second.stored = next;
}

std::int64_t commit_state::position(const partition_id& which) const {
    const auto found = entries_.find(which);
    return found == entries_.end() ? -1 : found->second.next;
}

std::vector<partition_id> commit_state::partitions() const {
    std::vector<partition_id> list;
    for (const auto& [which, e] : entries_) list.push_back(which);
    return list;
}

}  // namespace airi::kafka
