// The two ids that identify a request in logs: X-Request-Id and the W3C traceparent. Used by the request reader.
#pragma once

#include <string>
#include <string_view>

namespace airi::gateway {

/// The given id if it is [A-Za-z0-9._-]{1,64}, otherwise a new one.
std::string request_id_from(std::string_view given);

/// The given traceparent if it is valid (version 00), otherwise a new sampled one.
std::string traceparent_from(std::string_view given);

}  // namespace airi::gateway
