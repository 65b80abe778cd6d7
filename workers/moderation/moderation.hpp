// The moderation worker: a requested message in; stored, and passed on to the chat worker or rejected.
#pragma once

#include <memory>

#include "events/chat.hpp"
#include "workers/moderation/screen.hpp"
#include "workers/moderation/user_keys.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::moderation {

/// The terms in force; a reload replaces the list as a whole.
using term_list = std::shared_ptr<const std::vector<term>>;

/// The effects of screening a message. Pure: the same event gives the same effects.
effects screen_message(const events::chat_requested&, const std::vector<term>&, const record&);

/// Ends a message that cannot be screened: failed, and its client is informed.
effects give_up(const events::chat_requested&, const record&);

/// Ends a message that can never be decrypted, unless it has ended already.
effects unreadable(const events::chat_requested&, const record&);

/// Decrypts the sealed fields in place; false when they were not sealed with this key.
bool open(events::chat_requested&, const seal::key&);

/// `terms` is read for each message.
worker declare(const term_list& terms, user_keys& keys);

}  // namespace airi::workers::moderation
