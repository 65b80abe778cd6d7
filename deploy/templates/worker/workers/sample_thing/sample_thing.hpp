// The sample thing worker: a notice to the user for each request.
#pragma once

#include "events/sample_thing.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::sample_thing {

/// May run more than once for a request: what it returns depends on the event alone.
awaitable<result<effects>> notify(events::sample_thing_requested, record);

worker declare();

}  // namespace airi::workers::sample_thing
