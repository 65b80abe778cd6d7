// Measured times and their percentiles.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "bench/client/loop.hpp"
#include "platform/base/json.hpp"

namespace airi::bench {

class samples {
public:
    void add(steady::duration elapsed) { all_.push_back(std::chrono::duration<double, std::milli>(elapsed).count()); }
    std::size_t count() const noexcept { return all_.size(); }
    void clear() noexcept { all_.clear(); }
    /// In milliseconds; 0 when nothing was measured.
    double percentile(double p) {
        if (all_.empty()) return 0;
        const auto at = std::min(all_.size() - 1, static_cast<std::size_t>(p / 100 * static_cast<double>(all_.size())));
        std::nth_element(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(at), all_.end());
        return all_[at];
    }
    std::string json() {
        return json::object()
            .add("count", count())
            .add("p50", percentile(50))
            .add("p90", percentile(90))
            .add("p99", percentile(99))
            .add("max", percentile(100))
            .text();
    }

private:
    std::vector<double> all_;
};

}  // namespace airi::bench
