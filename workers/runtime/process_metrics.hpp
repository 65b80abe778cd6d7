// Durations of the attempts at records, by topic and failure. Used by record_delivery, on its thread: measuring takes
// no lock and allocates nothing, except for the first attempt of a kind.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"
#include "platform/telemetry/metrics.hpp"

namespace airi::workers {

class process_metrics {
public:
    using clock = std::chrono::steady_clock;

    explicit process_metrics(std::string_view group) : group_(group) {}
    void ended(std::string_view topic, const error_code& outcome, clock::time_point began);

private:
    metrics::histogram& make(std::string_view topic, std::string_view error) const;

    std::string group_;
    // By topic and name of the failure; empty: none.
    std::map<std::string, std::map<std::string_view, metrics::histogram*>, std::less<>> durations_;
};

}  // namespace airi::workers
