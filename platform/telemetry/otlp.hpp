// Spans as a request of OTLP/HTTP in JSON: opentelemetry/proto/collector/trace/v1/trace_service.proto with ids in
// hexadecimal, enums as numbers and 64-bit numbers as strings.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/telemetry/tracing.hpp"

namespace airi::tracing {

/// The body of POST /v1/traces.
std::string otlp_request(const std::vector<recorded_span>&, std::string_view service, std::string_view instance);

}  // namespace airi::tracing
