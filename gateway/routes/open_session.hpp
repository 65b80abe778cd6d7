// What every way of signing in ends with.
#pragma once

#include "gateway/router.hpp"

namespace airi::gateway::routes {

/// Opens a session and answers with its tokens; the sessions beyond the most there may be end on every gateway.
awaitable<handled> open_session(exchange&, user_id, std::string email, std::string role, unsigned status);

}  // namespace airi::gateway::routes
