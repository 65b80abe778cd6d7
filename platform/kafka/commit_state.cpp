#include "platform/kafka/commit_state.hpp"

#include <algorithm>

namespace airi::kafka {

void commit_state::assign(const std::vector<partition_id>& partitions) {
    for (const auto& each : partitions) entries_[each] = {};
}

void commit_state::revoke(const std::vector<partition_id>& partitions) {
    for (const auto& each : partitions) entries_.erase(each);
}

void commit_state::handed_over(const partition_id& partition, std::int64_t offset) {
    const auto found = entries_.find(partition);
    if (found == entries_.end()) return;
    if (found->second.first < 0) found->second.first = offset;
    found->second.next = offset + 1;
}

void commit_state::finished(const partition_id& partition, std::int64_t next) {
    const auto found = entries_.find(partition);
    if (found == entries_.end()) return;
    auto& entry = found->second;
    if (entry.first < 0 || next <= entry.first) return;
    entry.finished = next;
}

offsets commit_state::due() const {
    offsets list;
    for (const auto& [partition, entry] : entries_)
        if (entry.finished >= 0 && entry.finished != entry.stored) list.emplace_back(partition, entry.finished);
    return list;
}

void commit_state::stored(const partition_id& partition, std::int64_t next) {
    if (const auto found = entries_.find(partition); found != entries_.end()) found->second.stored = next;
}

bool commit_state::settled() const {
    return std::ranges::all_of(entries_, [](const auto& each) {
        const auto& entry = each.second;
        return entry.next < 0 || entry.stored == entry.next;
    });
}

std::int64_t commit_state::position(const partition_id& partition) const {
    const auto found = entries_.find(partition);
    return found == entries_.end() ? -1 : found->second.next;
}

std::vector<partition_id> commit_state::partitions() const {
    std::vector<partition_id> list;
    for (const auto& [partition, entry] : entries_) list.push_back(partition);
    return list;
}

}  // namespace airi::kafka
