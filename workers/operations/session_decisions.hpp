// replay session: the decisions of a session of a game are made again from its records in gaming.changed.v1, and
// printed beside those that were recorded. Used by airi-ctl.
#pragma once

#include "workers/operations/archive_commands.hpp"
#include "workers/operations/operator_session.hpp"

namespace airi::workers::operations {

/// `order`: all records of the session's key. Prints decisions, never a text. Nothing is written. Returns the exit
/// status: 1 when there is a difference (the first one is printed) or no record, when the key of the session's user is
/// gone, and when a server is at fault. Blocks.
int replay_session(const ctl_settings&, const replay_order& order, operator_session&);

}  // namespace airi::workers::operations
