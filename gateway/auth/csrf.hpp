// The CSRF token that a request authenticated by cookie has to bring.
#pragma once

#include <optional>
#include <string>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// Bound to the session, so that a cookie planted by another site is worth nothing.
std::string csrf_token(const services&, session_id);

/// 403 unless the X-CSRF-Token header and the CSRF cookie both have the session's token. GET and HEAD need none.
std::optional<problem> check_csrf(const services&, session_id, const request&);

}  // namespace airi::gateway
