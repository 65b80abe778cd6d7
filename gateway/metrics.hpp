// Metrics of the counters of all threads and of the pool of connections, refreshed each second, so that a scrape never
// walks the sockets. Started by main.
#pragma once

#include <vector>

#include "gateway/realtime/hub.hpp"
#include "gateway/transport/session_counters.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::gateway {

/// All of them outlive the coroutine.
awaitable<> show_counters(
    std::vector<const session_counters*>, std::vector<const hub_counters*>, const postgres::database&);

}  // namespace airi::gateway
