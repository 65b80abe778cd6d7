// Metrics of a pool of connections to Postgres, with the names of OpenTelemetry's conventions.
#pragma once

#include <cstdint>

#include "platform/telemetry/metrics.hpp"

namespace airi::metrics {

class pool_gauges {
public:
    /// A postgres::pool_use, which no header of this folder may name.
    void show(const auto& now) {
        most_.set(static_cast<std::int64_t>(now.most));
        idle_.set(static_cast<std::int64_t>(now.idle));
        used_.set(static_cast<std::int64_t>(now.used));
        waiting_.set(static_cast<std::int64_t>(now.waiting));
        timeouts_.set_total(now.timeouts);
    }

private:
    static gauge& of_state(const char* state) {
        return gauge_of("db_client_connection_count", "Connections to Postgres.",
            {{"db_client_connection_pool_name", "postgres"}, {"db_client_connection_state", state}});
    }
    static inline const labels pool_{{"db_client_connection_pool_name", "postgres"}};

    gauge& most_ = gauge_of("db_client_connection_max", "Connections that the pool may open.", pool_);
    gauge& idle_ = of_state("idle");
    gauge& used_ = of_state("used");
    gauge& waiting_ =
        gauge_of("db_client_connection_pending_requests", "Transactions that wait for a connection.", pool_);
    counter& timeouts_ = counter_of(
        "db_client_connection_timeouts_total", "Transactions that ended because no connection became free.", pool_);
};

}  // namespace airi::metrics
