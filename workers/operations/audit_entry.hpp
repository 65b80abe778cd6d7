// The entry of the audit log about a command of airi-ctl that changes something. Pure.
#pragma once

#include <string>

#include "platform/base/json.hpp"
#include "workers/operations/command_line.hpp"

namespace airi::workers::operations {

/// True: the command changes something, and the audit log has it.
bool is_audited(const command_line&);

/// "ctl.replay", "ctl.retry_dead_letters", …
std::string audit_action(command);

/// The topic, or the table that is built again; empty: all topics.
std::string audit_subject(const command_line&);

/// The options, without what a record has: of filters only that there are some.
json::object audit_details(const command_line&);

}  // namespace airi::workers::operations
