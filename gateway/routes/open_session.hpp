// What every way of signing in ends with.
#pragma once

#include "gateway/router.hpp"

namespace airi::gateway::routes {

/// Opens a session and answers with its tokens; the sessions beyond the most there may be end on every gateway.
awaitable<handled> open_session(exchange&, user_id, std::string email, std::string role, unsigned status);

/// Told of every try, whether the address has an account or not. Best effort: a try that is not written down is no reason to
/// refuse.
awaitable<> remember_try(exchange&, std::string email, std::optional<user_id> user, std::string_view outcome);

}  // namespace airi::gateway::routes
