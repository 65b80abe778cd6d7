// The counters of one server. Written by its thread, read by the metrics page from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace airi::gateway {

struct session_counters {
    using count = std::atomic<std::uint64_t>;

    count connections_accepted{0};
    count connections_refused{0};     ///< over the limit per address or in total, or no descriptor left
    count connections_open{0};        ///< HTTP and WebSocket together
    std::array<count, 6> requests{};  ///< answered, by status class: requests[2] is 2xx; [0] is unused
    count sockets_open{0};
    count frames_in{0};
    count frames_out{0};
    count queued_bytes{0};    ///< of all WebSockets
    count frames_dropped{0};  ///< queued for a client that read too slowly
    count slow_closes{0};
    count dead_peers{0};  ///< no pong in time
    count faults{0};      ///< exceptions thrown by the application
};

/// Only the owning thread writes, so no locked instruction is needed.
inline void add(session_counters::count& counter, std::uint64_t by = 1) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}
inline void subtract(session_counters::count& counter, std::uint64_t by = 1) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) - by, std::memory_order_relaxed);
}

}  // namespace airi::gateway
