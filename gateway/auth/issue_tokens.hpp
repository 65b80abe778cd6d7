// The end of every way of signing in: a session and its tokens.
#pragma once

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// An account that has proved its identity.
struct signed_in_user {
    user_id id;
    std::string email, role;
    bool is_new = false;         ///< the account was created just now
    bool second_factor = false;  ///< a code was verified, if the account has a second factor
};

/// Opens a session and answers with its tokens. Sessions over the profile's limit end on every gateway. A sign-in from
/// a device that is new to an existing account sends a notice by e-mail.
awaitable<route_result> open_session(services&, const request&, signed_in_user, unsigned status);

/// The response that carries a session's tokens: in the body or, for clients that ask for it, as cookies. `user` is
/// JSON.
route_result token_answer(services&, const request&, const tokens::claims&, std::string_view user,
    const std::string& refresh_token, unsigned status);

}  // namespace airi::gateway
