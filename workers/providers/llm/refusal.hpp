// Classifies a provider's refusals: HTTP statuses, error objects, Retry-After. Used by every provider over HTTP.
#pragma once

#include <string_view>

#include "platform/base/clock.hpp"
#include "platform/base/json.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

/// A response whose status is not 200, with as much of its body as could be read.
errc meaning_of_status(unsigned status, std::string_view body);
/// An error inside a stream: the value of its "error" member, an object or a string.
errc meaning_of_error(json::value error);
/// A failure of the connection. A timeout before the model has begun counts as unavailable.
errc meaning_of_transport(const error_code& ec, bool has_begun);

/// retry-after-ms, else Retry-After in seconds or as an HTTP date; at most an hour, 0 when absent or malformed.
milliseconds pause_asked(std::string_view retry_after_ms, std::string_view retry_after, instant now);

}  // namespace airi::workers::providers
