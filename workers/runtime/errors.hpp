// Errors of the runtime itself.
#pragma once

#include "platform/base/result.hpp"

namespace airi::workers {

/// leased (another worker holds the lease; wait): outage. unknown_generation: refused. threw (a handler threw an
/// exception): broken.
enum class errc { leased = 1, unknown_generation, threw };
error_code make_error_code(errc);

}  // namespace airi::workers

template <>
struct boost::system::is_error_code_enum<airi::workers::errc> : std::true_type {};
