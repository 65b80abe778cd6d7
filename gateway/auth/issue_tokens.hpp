// What every way of signing in ends with: a session and its tokens.
#pragma once

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// Opens a session and answers with its tokens. Sessions over the profile's limit end on every gateway. A sign-in from
/// a device that is new to an existing account (`is_new` false) sends a notice by e-mail.
awaitable<route_result> open_session(services&, const request& request, user_id, std::string email, std::string role,
    unsigned status, bool is_new = false);

/// The answer that carries a session's tokens, in the body or, for clients that ask for it, as cookies. `user` is JSON.
route_result token_answer(services&, const request& request, const tokens::claims&, std::string_view user,
    const std::string& renewal, unsigned status);

/// The problem for an outcome of account_create() other than success, at its member of the body.
problem signup_fault(std::string_view outcome);

/// Records a sign-in attempt, for known and unknown addresses alike. Best effort: a failure to record it refuses no
/// sign-in.
awaitable<> record_login_attempt(
    services&, const request& request, std::string email, std::optional<user_id> user, std::string_view outcome);

}  // namespace airi::gateway
