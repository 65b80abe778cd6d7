// A bounded queue of finished spans for the exporter. Adding a span never waits for room. Thread safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "platform/telemetry/metrics.hpp"
#include "platform/telemetry/tracing.hpp"

namespace airi::tracing {

class span_queue {
public:
    /// The queue of the process; null: no spans are recorded.
    static span_queue* current() { return current_.load(std::memory_order_acquire); }
    static void set_current(span_queue* queue) { current_.store(queue, std::memory_order_release); }

    explicit span_queue(std::size_t most) : most_(most) {}

    /// Drops the span when the queue is full.
    void push(recorded_span);
    /// Takes up to `most` spans after waiting for them, at most `longest`, and no longer once closed.
    std::vector<recorded_span> take(milliseconds longest, std::size_t most);
    void close();
    bool closed() const;
    /// Counts spans that were taken and could not be sent.
    void drop(std::size_t count) { not_sent_.add(count); }

private:
    static inline std::atomic<span_queue*> current_{nullptr};

    const std::size_t most_;
    mutable std::mutex lock_;
    std::condition_variable filled_;
    std::vector<recorded_span> waiting_;
    bool closed_ = false;
    metrics::counter& full_ = metrics::counter_of(
        "airi_trace_spans_dropped_total", "Spans that no collector has received.", {{"reason", "queue_full"}});
    metrics::counter& not_sent_ = metrics::counter_of(
        "airi_trace_spans_dropped_total", "Spans that no collector has received.", {{"reason", "not_sent"}});
};

}  // namespace airi::tracing
