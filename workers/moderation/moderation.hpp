// The moderation worker: a requested message in; stored, and passed on to the chat worker, rejected, or answered with a
// fixed reply and help lines.
#pragma once

#include <memory>

#include "events/chat.hpp"
#include "platform/safety/blocked_terms.hpp"
#include "workers/moderation/crisis.hpp"
#include "workers/moderation/user_keys.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::moderation {

/// A message judged by the terms and by its safety check.
struct judgement {
    safety::verdict found;
    safety::gate::checked checked;
    stored_state before;
    std::optional<crisis_decision> decision;
};
/// The same event, terms and state give the same judgement. The terms are looked for in the message and in each turn
/// that the caller sends with it; the most severe verdict counts. A crisis outweighs a blocked term: its reply is help.
judgement judge(const events::chat_requested&, safety::term_screen&, const safety::gate&, stored_state = {});

/// What follows a judgement, once it is stored: `decision` is the stored one.
after_commit after_judgement(const events::chat_requested&, const safety::verdict&,
    const std::optional<crisis_decision>&, const std::optional<sql::generations::end>&, const record&);

/// Ends a message that cannot be screened: failed, and its client is informed.
effects give_up(const events::chat_requested&, const record&);

/// Ends a message that can never be decrypted, unless it has ended already.
effects unreadable(const events::chat_requested&, const record&);

/// Decrypts the sealed fields in place; false when they were not sealed with this key.
bool open(events::chat_requested&, const seal::key&);

struct ports {
    postgres::database& database;
    user_keys& keys;
    safety::term_screen& terms;
    const safety_data& safety;
    const seal::key& evidence;
};

worker declare(const ports&);

}  // namespace airi::workers::moderation
