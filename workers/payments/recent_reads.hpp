// The objects that were read lately. Of a burst of events about the same objects, the last read covers those that had
// arrived before it began.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace airi::workers::payments {

class recent_reads {
public:
    using time = std::chrono::steady_clock::time_point;

    /// Adds a stored read of the objects `ids` that began at `begun`. The customer's revision was `before` when they
    /// were read, and is `stored` now.
    void add(const std::string& customer, std::int64_t before, std::int64_t stored, time begun,
        std::vector<std::string> ids) {
        if (of_.size() >= most_customers) of_.clear();
        auto& known = of_[customer];
        if (known.stored != before) known.begun.clear();
        known.stored = stored;
        for (auto& id : ids) known.begun[std::move(id)] = begun;
    }

    /// True when each of the objects was read since `received`, and that was stored and nothing else since: the
    /// customer's revision is `now`.
    bool cover(
        const std::string& customer, std::int64_t now, time received, const std::vector<std::string>& ids) const {
        const auto known = of_.find(customer);
        return known != of_.end() && known->second.stored == now && std::ranges::all_of(ids, [&](const auto& id) {
            const auto at = known->second.begun.find(id);
            return at != known->second.begun.end() && received < at->second;
        });
    }

private:
    static constexpr std::size_t most_customers = 1'000;

    struct reads {
        std::int64_t stored = 0;
        std::unordered_map<std::string, time> begun;
    };
    std::unordered_map<std::string, reads> of_;
};

}  // namespace airi::workers::payments
