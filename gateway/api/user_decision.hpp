// An administrator's decision about what a user has written, which may change what the user may do.
#pragma once

#include "gateway/api/route.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {

/// Stores the decision by a statement of one JSON row with the `user` whom it is about, or a refusal, and makes every
/// gateway read that user anew. 404 names `what` when there is no row.
awaitable<route_result> decide_about_user(exchange&, postgres::bound, const char* what);

}  // namespace airi::gateway
