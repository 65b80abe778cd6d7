// Durations of requests by method, route template and status, and the number of active requests. One instance per
// thread; measuring takes no lock and allocates nothing, except for the first request of a kind.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <string>

#include "gateway/api/route.hpp"
#include "platform/telemetry/metrics.hpp"

namespace airi::gateway {

class request_metrics {
public:
    request_metrics();

    /// A request from now until it is destroyed. Without a status it has ended in an exception.
    class active {
    public:
        active(request_metrics&, verb);
        ~active();
        active(const active&) = delete;

        /// The route that was found.
        void at(const route* found) { route_ = found; }
        /// Returns the time since the request began.
        milliseconds answered(unsigned status);

    private:
        request_metrics& of_;
        verb method_;
        std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
        int exceptions_;
        const route* route_ = nullptr;
        unsigned status_ = 0;
    };

private:
    struct kind {
        const gateway::route* route;
        verb method;
        unsigned status;
        auto operator<=>(const kind&) const = default;
    };
    metrics::histogram& duration_of(const kind&);

    std::array<metrics::gauge*, 7> active_{};        // by verb
    std::map<kind, metrics::histogram*> durations_;  // as many as there are routes and statuses
};

}  // namespace airi::gateway
