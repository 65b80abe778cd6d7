// The calls of models as metrics, with the names of OpenTelemetry's conventions, and what they cost.
#pragma once

#include <optional>

#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "sql/generations.hpp"
#include "workers/providers/health.hpp"

namespace airi::workers::providers {

/// A call that has ended. `first_token`: from its start; none: it gave nothing.
void measure_call(
    const sql::generations::provider_call&, const error_code& error, std::optional<milliseconds> first_token);

/// The states of the circuit breakers.
void show_breakers(const health_table&, moment now);

}  // namespace airi::workers::providers
