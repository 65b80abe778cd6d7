// The moderation worker: a requested message in; stored, and passed on to the chat worker or refused.
#pragma once

#include <memory>

#include "events/chat.hpp"
#include "workers/moderation/screen.hpp"
#include "workers/moderation/user_keys.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::moderation {

/// The terms in force; replaced as a whole by whoever reloads them.
using term_list = std::shared_ptr<const std::vector<term>>;

/// What a message leads to. Pure: the same event gives the same effects.
effects judge(const events::chat_requested&, const std::vector<term>&, const record&);

/// The end of a message that cannot be screened: failed, and told so.
effects give_up(const events::chat_requested&, const record&);

/// The end of a message that nobody can read any more, unless it had another one before.
effects unreadable(const events::chat_requested&, const record&);

/// Opens what is sealed; false when it is not sealed with this key.
bool open(events::chat_requested&, const seal::key&);

/// `terms` is read at each message.
worker declare(const term_list& terms, user_keys& keys);

}  // namespace airi::workers::moderation
