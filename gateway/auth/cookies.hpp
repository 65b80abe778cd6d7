// Tokens as browsers keep them: httpOnly cookies, and the CSRF token that a request by cookie has to bring. Used by the
// service and by the routes that sign in and out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

inline constexpr std::string_view transport_header = "x-token-transport";

/// Whether the client wants its tokens as cookies.
bool wants_cookies(const request&);
/// 400 for a transport that is neither `bearer` nor `cookie`.
std::optional<problem> check_transport(const request&);

/// The tokens a request brings as cookies; empty when it has none, or has it twice: which one is meant, nobody can say.
std::string access_cookie(const gateway_options&, const request&);
std::string refresh_cookie(const gateway_options&, const request&);

/// Bound to the session, so that a cookie planted by somebody else is worth nothing.
std::string csrf_token(const services&, session_id);
/// 403 unless header and cookie have the session's token. What changes nothing needs none.
std::optional<problem> check_csrf(const services&, session_id, const request&);

/// The refresh token's goes to the refresh route only, below the prefix that `in` was asked with.
void set_cookies(const services&, const request& request, session_id, const std::string& access,
    const std::string& renewal, response&);
/// Takes them all back from a client that has cookies.
void clear_cookies(const gateway_options&, const request& request, response&);

}  // namespace airi::gateway
