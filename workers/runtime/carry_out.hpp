// Carries effects out in the one fixed order: transaction → frames → events acknowledged by the broker.
#pragma once

#include "workers/runtime/runner.hpp"

namespace airi::workers {

/// `ports` must outlive the coroutine. An error before the transaction's end means nothing has happened.
awaitable<result<>> carry_out(effects, const runner_ports& ports);

kafka::record to_record(events::outgoing);

}  // namespace airi::workers
