#include "gateway/metrics.hpp"

#include "platform/base/sleep.hpp"
#include "platform/telemetry/metrics.hpp"

namespace airi::gateway {
namespace {

template <class Counters>
std::int64_t sum(const std::vector<const Counters*>& all, std::atomic<std::uint64_t> Counters::* member) {
    std::uint64_t out = 0;
    for (const auto* each : all) out += (each->*member).load(std::memory_order_relaxed);
    return static_cast<std::int64_t>(out);
}

}  // namespace

awaitable<> show_counters(std::vector<const session_counters*> sessions, std::vector<const hub_counters*> hubs) {
    auto& sockets = metrics::gauge_of("airi_gateway_sockets_open", "WebSockets open.");
    auto& connections = metrics::gauge_of("airi_gateway_connections_open", "HTTP and WebSocket connections open.");
    auto& refused = metrics::gauge_of("airi_gateway_connections_refused", "Connections over a limit.");
    auto& in = metrics::gauge_of("airi_gateway_frames_in", "WebSocket frames received.");
    auto& out = metrics::gauge_of("airi_gateway_frames_out", "WebSocket frames sent.");
    auto& slow = metrics::gauge_of("airi_gateway_slow_closes", "Clients closed for reading too slowly.");
    auto& faults = metrics::gauge_of("airi_gateway_faults", "Requests that failed with an internal error.");
    auto& channels = metrics::gauge_of("airi_gateway_channels", "Channels subscribed to.");
    auto& received = metrics::gauge_of("airi_gateway_frames_heard", "Frames received from Redis.");
    std::vector<metrics::gauge*> classes;
    for (int i = 1; i <= 5; ++i)
        classes.push_back(
            &metrics::gauge_of("airi_gateway_requests", "Requests answered.", {{"class", std::to_string(i) + "xx"}}));
    while (true) {
        sockets.set(sum(sessions, &session_counters::sockets_open));
        connections.set(sum(sessions, &session_counters::connections_open));
        refused.set(sum(sessions, &session_counters::connections_refused));
        in.set(sum(sessions, &session_counters::frames_in));
        out.set(sum(sessions, &session_counters::frames_out));
        slow.set(sum(sessions, &session_counters::slow_closes));
        faults.set(sum(sessions, &session_counters::faults));
        channels.set(sum(hubs, &hub_counters::channels));
        received.set(sum(hubs, &hub_counters::frames_in));
        for (std::size_t i = 0; i < classes.size(); ++i) {
            std::uint64_t count = 0;
            for (const auto* each : sessions) count += each->requests[i + 1].load(std::memory_order_relaxed);
            classes[i]->set(static_cast<std::int64_t>(count));
        }
        co_await sleep(seconds{1});
    }
}

}  // namespace airi::gateway
