// What every way of signing in ends with.
#pragma once

#include "gateway/router.hpp"

namespace airi::gateway::routes {

/// Opens a session and answers with its tokens; the sessions beyond the most there may be end on every gateway.
/// Somebody who is not new gets a mail when he comes from a device of which he never came.
awaitable<handled> open_session(
    exchange&, user_id, std::string email, std::string role, unsigned status, bool is_new = false);

/// What account_create() found wrong, told at its member of the body.
problem signup_fault(std::string_view outcome);

/// Told of every try, whether the address has an account or not. Best effort: a try that is not written down is no
/// reason to refuse.
awaitable<> remember_try(exchange&, std::string email, std::optional<user_id> user, std::string_view outcome);

}  // namespace airi::gateway::routes
