// The tools of companions (table companion_tools), which the chat worker runs itself while it answers.
#pragma once

#include <string>

#include "platform/postgres/postgres.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::chat {

struct tool_caller {
    user_id user;
    conversation_id conversation;
};

/// The result of a call, for the model: also when it cannot be carried out, in words. They only read, so that a reply
/// that is begun anew may run them again.
awaitable<std::string> run_tool(postgres::database&, tool_caller, providers::tool_call);

}  // namespace airi::workers::chat
