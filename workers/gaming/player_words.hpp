// Words of a player as a message of the session's user. Pure but for the time and ids.
#pragma once

#include <string_view>

#include "events/chat.hpp"
#include "platform/crypto/seal.hpp"

namespace airi::workers::gaming {

/// Its ids are derived like those of the messages that the gateway takes, from a client_message_id of its own.
events::chat_requested sealed_message(user_id, conversation_id, std::string_view text, const seal::key&);

}  // namespace airi::workers::gaming
