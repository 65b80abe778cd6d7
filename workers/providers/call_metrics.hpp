// Metrics of the calls of models, with the names of OpenTelemetry's conventions, and of their cost.
#pragma once

#include <optional>

#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "sql/generations.hpp"
#include "workers/providers/health.hpp"

namespace airi::workers::providers {

/// Counts a call that has ended. `first_token`: the time from its start; none: no token came.
void measure_call(
    const sql::generations::provider_call&, const error_code& error, std::optional<milliseconds> first_token);

/// The states of the circuit breakers.
void show_breakers(const health_table&, moment now);

}  // namespace airi::workers::providers
