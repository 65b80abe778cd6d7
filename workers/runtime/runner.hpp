// The runtime of a worker: takes records from the consumer, keeps their order per key, has them delivered, and commits
// an offset once its record and all before it are done. At least once; stored effects are exactly once because every
// statement may be repeated.
#pragma once

#include <memory>

#include "workers/runtime/worker.hpp"

namespace airi::workers {

struct runner_ports {
    postgres::database& database;
    kafka::producer& producer;
    frame_channel& frames;
};

struct runner_counters {
    std::int64_t handled = 0, retried = 0, outages = 0, dead = 0, in_work = 0;
};

class runner {
public:
    virtual ~runner() = default;
    virtual kafka::consumer_owner& owner() = 0;
    /// The consumer to pause, resume and commit on. Called before the first record.
    virtual void attach(kafka::consumer&) = 0;
    /// Takes no further records; returns when the ones in work are done, or at the deadline, which may move nearer
    /// meanwhile.
    virtual awaitable<> drain(std::chrono::steady_clock::time_point& deadline) = 0;
    virtual bool draining() const = 0;
    /// False after a fatal failure of the consumer: the process must end.
    virtual bool healthy() const = 0;
    virtual runner_counters counters() const = 0;
};

/// Everything runs on the executor, one thread.
std::unique_ptr<runner> make_runner(worker, runner_ports, executor);

}  // namespace airi::workers
