// Tokens as browsers store them: httpOnly cookies.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

inline constexpr std::string_view transport_header = "x-token-transport";

/// The way in which a client gets its tokens: in the body, as cookies, or the access token in the body and the refresh
/// token as a cookie.
enum class token_transport { bearer, cookie, refresh_cookie };
/// The one that the client names in X-Token-Transport, else the profile's.
token_transport transport_of(const services&, const request&);
/// 400 for any other value of the header.
std::optional<problem> check_transport(const request&);

/// As the profile has it.
seconds access_token_life(const services&);

/// The tokens of a request's cookies; empty when the cookie is missing, or there twice and so ambiguous.
std::string access_cookie(const gateway_options&, const request&);
std::string refresh_cookie(const gateway_options&, const request&);
std::string csrf_cookie(const gateway_options&, const request&);
/// The value that binds sign-in links to the browser that requested them; empty as above.
std::string link_cookie(const gateway_options&, const request&);

/// The hash of the device cookie of the browser that this request comes from; none without a cookie.
std::optional<std::string> device_of(const gateway_options&, const request&);
/// A browser keeps the cookie by which it is known at its next sign-in; returns its hash. None for other clients.
std::optional<std::string> make_device_cookie(const services&, const request&, response&);

struct token_cookies {
    std::string access, refresh, csrf;
};
/// Sets those that are not empty. The refresh cookie is sent to the refresh route only, below the prefix of this
/// request.
void set_cookies(const services&, const request&, const token_cookies&, response&);
void set_link_cookie(const services&, std::string_view binding, response&);
/// Deletes the tokens at a client that has some: it sends the refresh cookie to the refresh route only.
void clear_cookies(const services&, const request&, response&);

}  // namespace airi::gateway
