// replay session: the decisions of a session of a game are made again from its records in gaming.changed.v1, and
// printed beside those that were recorded. Used by airi-ctl.
#pragma once

#include <string>

#include "events/gaming.hpp"
#include "workers/operations/archive_commands.hpp"
#include "workers/operations/operator_session.hpp"

namespace airi::workers::operations {

/// `order`: reads the records of that key, all there are. Prints decisions, never the text of anybody. Nothing is
/// written. Returns the exit status: 1 with the first difference, without a record, when the key of the session's user
/// is gone, and when a server is at fault. Blocks.
int replay_session(const ctl_settings&, const replay_order& order, operator_session&);

}  // namespace airi::workers::operations
