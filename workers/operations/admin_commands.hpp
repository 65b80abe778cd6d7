// airi-ctl's users, keys and profile: the SQL functions of the administrative API, called as an operator. Used by its
// main.
#pragma once

#include "platform/base/secret.hpp"
#include "workers/operations/admin_command.hpp"
#include "workers/operations/operator_session.hpp"

namespace airi::workers::operations {

/// Prints JSON. Returns the exit status: 1 when the database does not answer or open sockets could not be closed,
/// 2 when there is no such user, key or setting, or the function refuses. Blocks.
int run_admin_command(const admin_command&, operator_session&, const secret& redis_url);

}  // namespace airi::workers::operations
