#include "gateway/auth/csrf.hpp"

#include "gateway/auth/cookies.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::gateway {

std::string csrf_token(const services& services, session_id session) {
    const secret key(digest::hmac_sha256(services.refresh_key, "airi/csrf"));
    return digest::base64url(digest::hmac_sha256(key, session.text()));
}

std::optional<problem> check_csrf(const services& services, session_id session, const request& request) {
    if (request.method == verb::get || request.method == verb::head) return std::nullopt;
    const auto expected = csrf_token(services, session);
    if (digest::equal(request.header("x-csrf-token"), expected) &&
        digest::equal(csrf_cookie(services.options, request), expected))
        return std::nullopt;
    return problem{403, "CSRF", "X-CSRF-Token must be the session's CSRF token for requests authenticated by cookie"};
}

}  // namespace airi::gateway
