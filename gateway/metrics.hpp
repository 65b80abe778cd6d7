// The counters of all threads as metrics, refreshed each second. Started by main.
#pragma once

#include <vector>

#include "gateway/realtime/hub.hpp"
#include "gateway/transport/session_counters.hpp"

namespace airi::gateway {

awaitable<> show_counters(std::vector<const session_counters*>, std::vector<const hub_counters*>);

}  // namespace airi::gateway
