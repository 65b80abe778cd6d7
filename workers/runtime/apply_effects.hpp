// Applies effects in the one fixed order: transaction, then frames, then events acknowledged by the broker.
#pragma once

#include "workers/runtime/runner.hpp"

namespace airi::workers {

/// Both arguments must outlive the coroutine. After an outage it may be called again with the same effects: statements
/// and ids make the repetition harmless.
awaitable<result<>> apply_effects(const effects&, const runner_ports& ports);

kafka::record to_record(events::outgoing);

}  // namespace airi::workers
