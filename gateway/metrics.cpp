#include "gateway/metrics.hpp"

#include "platform/base/sleep.hpp"
#include "platform/telemetry/metrics.hpp"
#include "platform/telemetry/pool_metrics.hpp"

namespace airi::gateway {
namespace {

using every_session = std::vector<const session_counters*>;
using every_hub = std::vector<const hub_counters*>;

template <class Counters>
std::uint64_t sum(const std::vector<const Counters*>& all, std::atomic<std::uint64_t> Counters::* member) {
    std::uint64_t out = 0;
    for (const auto* each : all) out += (each->*member).load(std::memory_order_relaxed);
    return out;
}

template <class Counters>
struct shown_level {
    std::atomic<std::uint64_t> Counters::* member;
    metrics::gauge& metric;
    void refresh(const std::vector<const Counters*>& all) const {
        metric.set(static_cast<std::int64_t>(sum(all, member)));
    }
};

template <class Counters>
struct shown_total {
    std::atomic<std::uint64_t> Counters::* member;
    metrics::counter& metric;
    void refresh(const std::vector<const Counters*>& all) const { metric.set_total(sum(all, member)); }
};

std::vector<metrics::counter*> response_classes() {
    std::vector<metrics::counter*> out;
    for (int i = 1; i <= 5; ++i)
        out.push_back(&metrics::counter_of("airi_gateway_responses_total",
            "Responses, those of the transport itself included.", {{"class", std::to_string(i) + "xx"}}));
    return out;
}

}  // namespace

awaitable<> show_counters(every_session sessions, every_hub hubs, const postgres::database& database) {
    using s = session_counters;
    using h = hub_counters;
    const auto level = [](const char* name, std::string_view help) -> auto& { return metrics::gauge_of(name, help); };
    const auto total = [](const char* name, std::string_view help) -> auto& { return metrics::counter_of(name, help); };
    const shown_level<s> levels[]{
        {&s::sockets_open, level("airi_gateway_sockets_open", "WebSockets open.")},
        {&s::connections_open, level("airi_gateway_connections_open", "HTTP and WebSocket connections open.")},
        {&s::queued_bytes, level("airi_gateway_queued_bytes", "Frames that clients have not read yet.")},
    };
    const shown_total<s> totals[]{
        {&s::connections_refused, total("airi_gateway_connections_refused_total", "Connections over a limit.")},
        {&s::frames_in, total("airi_gateway_frames_in_total", "WebSocket frames received.")},
        {&s::frames_out, total("airi_gateway_frames_out_total", "WebSocket frames sent.")},
        {&s::frames_dropped, total("airi_gateway_frames_dropped_total", "Frames dropped for slow clients.")},
        {&s::slow_closes, total("airi_gateway_slow_closes_total", "Clients closed for reading too slowly.")},
        {&s::dead_peers, total("airi_gateway_dead_peers_total", "WebSockets closed for want of a pong.")},
        {&s::faults, total("airi_gateway_faults_total", "Exceptions of the application.")},
    };
    const shown_level<h> channels{&h::channels, level("airi_gateway_channels", "Channels subscribed to.")};
    const shown_total<h> fan_out[]{
        {&h::frames_in, total("airi_gateway_fanout_frames_total", "Frames received from Redis.")},
        {&h::frames_out, total("airi_gateway_fanout_deliveries_total", "Frames handed to a listener.")},
        {&h::unreadable, total("airi_gateway_fanout_unreadable_total", "Frames dropped for an unknown shape.")},
        {&h::streams_gone, total("airi_gateway_fanout_streams_gone_total", "Replies whose missed frames had expired.")},
        {&h::faults, total("airi_gateway_fanout_faults_total", "Frames dropped because their listener threw.")},
    };
    const auto classes = response_classes();
    metrics::pool_gauges pool;
    while (true) {
        for (const auto& each : levels) each.refresh(sessions);
        for (const auto& each : totals) each.refresh(sessions);
        channels.refresh(hubs);
        for (const auto& each : fan_out) each.refresh(hubs);
        for (std::size_t i = 0; i < classes.size(); ++i) {
            std::uint64_t count = 0;
            for (const auto* each : sessions) count += each->requests[i + 1].load(std::memory_order_relaxed);
            classes[i]->set_total(count);
        }
        pool.show(database.use());
        co_await sleep(seconds{1});
    }
}

}  // namespace airi::gateway
