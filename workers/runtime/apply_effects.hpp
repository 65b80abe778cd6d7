// Applies effects in the one fixed order: transaction, then frames, then events acknowledged by the broker, the
// batchable ones last.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "workers/runtime/runner.hpp"

namespace airi::workers {

/// The effects and the ports must outlive the coroutine. After an outage it may be called again with the same effects:
/// statements and ids make the repetition harmless. `in_order` is called when only batchable events are left.
/// `group_order` as in postgres::transaction.
awaitable<result<>> apply_effects(const effects&, const runner_ports&, std::function<void()> in_order = {},
    std::optional<std::string> group_order = {});

kafka::record to_record(events::outgoing);

}  // namespace airi::workers
