// What a handler wants done: statements in one transaction, then what follows the commit. Values; only the runtime
// applies them (apply_effects).
#pragma once

#include <functional>
#include <vector>

#include "events/envelope.hpp"
#include "platform/postgres/postgres.hpp"
#include "workers/runtime/frame_channel.hpp"

namespace airi::workers {

/// Applied in this order after the commit, at least once.
struct after_commit {
    std::vector<user_id> changed_users;  ///< the gateways drop their cached responses for them
    std::vector<generation_id> cancelled;
    std::vector<outgoing_frame> frames;
    std::vector<announcement> announcements;
    std::vector<events::outgoing> events;
};

/// `after_from_rows`, when set, replaces `after`: it makes it from the rows of each statement. `when_fenced`:
/// statements for the case that the others are fenced; the record fails all the same.
struct effects {
    std::vector<postgres::bound> statements;
    std::vector<postgres::bound> when_fenced{};
    after_commit after;
    std::function<after_commit(const std::vector<postgres::rows>&)> after_from_rows;
};

}  // namespace airi::workers
