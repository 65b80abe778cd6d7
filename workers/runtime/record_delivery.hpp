// Takes records to their end: attempts, retries, the retry topic, the dead letter. Used by the runner, on its thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "platform/telemetry/tracing.hpp"
#include "workers/runtime/process_metrics.hpp"
#include "workers/runtime/runner.hpp"

namespace airi::workers {

class record_delivery {
public:
    /// All of them outlive the object.
    record_delivery(const worker& worker, const runner_ports& ports, runner_counters& counters)
        : worker_(worker), ports_(ports), counters_(counters), durations_(worker.group) {}

    /// True: the record is done for good and its offset may be committed. False: the worker drains, and the record is
    /// left to the partition's next owner. `in_order` is called before that, once or several times, when only batchable
    /// events are left to be published: the key's next record may start. In a sampled trace the record's traceparent
    /// becomes that of its span.
    awaitable<bool> deliver(kafka::message&, std::function<void()> in_order = {});
    /// Delivers all of them with one set of effects; false when they have to be delivered one by one.
    awaitable<bool> deliver_batch(std::vector<kafka::message>&);

    /// No further attempt begins; waits end soon.
    void drain() { draining_ = true; }
    bool draining() const { return draining_; }

private:
    tracing::span start_span(kafka::message&) const;
    awaitable<error_code> attempt(const kafka::message&, const std::function<void()>& in_order);
    awaitable<result<effects>> handle(const kafka::message&);
    awaitable<bool> give_up(const kafka::message&);
    awaitable<error_code> retry_outages(
        const effects&, std::optional<std::string> group_order, const std::function<void()>& in_order = {});
    std::optional<std::string> group_order(const kafka::message&) const;
    awaitable<bool> publish_until_acknowledged(kafka::record);
    awaitable<bool> wait_until(instant);
    void report(std::string_view event, const kafka::message&, const error_code& why) const;

    const worker& worker_;
    const runner_ports& ports_;
    runner_counters& counters_;
    process_metrics durations_;
    bool draining_ = false;
};

}  // namespace airi::workers
