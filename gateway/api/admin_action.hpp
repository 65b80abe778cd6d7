// An administrator's action on a user. Used by the routes of administration and of accounts.
#pragma once

#include "gateway/api/route.hpp"

namespace airi::gateway {

/// Runs admin_act() on the user whom the path names first, and answers with the user as they are then. It takes effect
/// on every gateway at once. `body` becomes part of the audit log. 404 when there is no such user, or the database's
/// refusal.
awaitable<route_result> act_as_admin(exchange&, std::string_view action, std::string body);

}  // namespace airi::gateway
