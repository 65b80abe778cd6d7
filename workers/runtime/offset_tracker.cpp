#include "workers/runtime/offset_tracker.hpp"

#include <algorithm>

namespace airi::workers {

void offset_tracker::started(std::int64_t offset) {
    open_.insert(offset);
    next_ = std::max(next_, offset + 1);
}

std::optional<std::int64_t> offset_tracker::finished(std::int64_t offset) {
    open_.erase(offset);
    const std::int64_t safe = open_.empty() ? next_ : *open_.begin();
    if (safe <= reported_ || (reported_ < 0 && safe <= offset)) return std::nullopt;
    reported_ = safe;
    return safe;
}

}  // namespace airi::workers
