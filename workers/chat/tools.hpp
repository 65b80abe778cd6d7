// The tools of companions (table companion_tools), which the chat worker runs itself while it answers, and the verbs of
// a game that the conversation's session has joined (game_verbs), which the gaming worker carries out.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "platform/postgres/postgres.hpp"
#include "workers/providers/provider.hpp"
#include "workers/runtime/frame_channel.hpp"

namespace airi::workers::chat {

struct tool_caller {
    user_id user;
    conversation_id conversation;
    generation_id generation;
    int repetition = 0;             ///< of the same call in this reply
    std::function<bool()> stopped;  ///< the reply is wanted no more
};

/// True: `tools`, in the form of OpenAI's API, has one of that name.
bool offers(std::string_view tools, std::string_view name);

/// The result of a call, for the model: also when it cannot be carried out, in words. A reply that is begun anew may
/// run them again: the tools only read, and what was done in a game is not done again.
awaitable<std::string> run_tool(postgres::database&, frame_channel&, tool_caller, providers::tool_call);

}  // namespace airi::workers::chat
