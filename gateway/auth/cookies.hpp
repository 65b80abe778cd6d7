// Tokens as browsers store them: httpOnly cookies.
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

/// The tokens of a request's cookies; empty when the cookie is missing, or there twice and so ambiguous.
std::string access_cookie(const gateway_options&, const request&);
std::string refresh_cookie(const gateway_options&, const request&);
std::string csrf_cookie(const gateway_options&, const request&);

struct token_cookies {
    std::string access, refresh, csrf;
};
/// The refresh cookie is sent to the refresh route only, below the prefix of this request.
void set_cookies(const gateway_options&, const request&, const token_cookies&, response&);
/// Deletes all of them at a client that sends cookies.
void clear_cookies(const gateway_options&, const request&, response&);

}  // namespace airi::gateway
