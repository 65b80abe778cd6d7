// One worker in its process: what it is wired with, and its run from the first load to the end of the drain. Wired by
// the worker's module.cpp, run by worker_process.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "platform/telemetry/metrics.hpp"
#include "workers/runtime/runner.hpp"
#include "workers/runtime/servers.hpp"

namespace airi::workers {

/// The work of a worker without a topic. The coroutine returns soon after pause() has returned false.
using task = std::function<awaitable<>()>;

class worker_host {
public:
    using clock = std::chrono::steady_clock;

    worker_host(std::string_view name, servers&);
    ~worker_host();
    worker_host(const worker_host&) = delete;

    // For the worker's wiring. The servers are shared with the other workers of the process.
    const airi::executor& executor() const { return servers_.executor(); }
    const worker_settings& settings() const { return servers_.settings(); }
    const std::string& owner() const { return servers_.owner(); }
    postgres::database& database() { return servers_.database(); }
    redis::client& redis() { return servers_.redis(); }
    frame_channel& frames() { return servers_.frames(); }

    /// Keeps the object until no coroutine is left. What is owned last is destroyed first.
    template <class T>
    T& own(T object) {
        auto kept = std::make_shared<T>(std::move(object));
        auto& out = *kept;
        owned_.push_back(std::move(kept));
        return out;
    }
    /// Calls `load` when the worker starts, until it succeeds (nothing is consumed before), and then every `interval`.
    void reload_every(std::function<awaitable<result<>>()> load, seconds interval);
    /// Calls `arrived` with each message of a Redis channel from the worker's start on. Messages may be lost.
    void subscribe(std::string_view channel, std::function<void(std::string_view payload)> arrived);
    /// A task beside the worker's work, started with it: for what is due at a time and not when a record comes.
    void run_beside(task task) { beside_.push_back(std::move(task)); }
    /// Called on SIGTERM when the time for work is over, some of which may still be in progress.
    void on_drain_timeout(std::function<awaitable<>()> release);
    /// The process is ready only while this holds, beside what holds for all workers.
    void ready_while(std::function<bool()> condition) { condition_ = std::move(condition); }
    /// A pause that ends early when the drain begins; false then.
    awaitable<bool> pause(milliseconds);
    bool draining() const { return draining_; }

    // For the process.
    void set_work(std::variant<worker, task>);
    awaitable<> start();
    /// Stops intake, lets the work end, releases the rest, leaves the group. Ends at the limit, or soon after it.
    awaitable<> drain(milliseconds limit);
    /// The time for work of a drain is over.
    void hasten();
    /// The worker consumes, or its task runs.
    bool ready() const { return started_ && !failed() && (!condition_ || condition_()); }
    /// The worker cannot go on: the process must end.
    bool failed() const { return task_failed_ || (runner_ && !runner_->healthy()); }
    void update_metrics();

private:
    struct gauges {
        metrics::counter &handled, &retried, &outages, &dead;
        metrics::gauge& in_work;
        std::map<std::string, metrics::gauge*> lag;  // by topic
    };
    awaitable<> reload(std::function<awaitable<result<>>()> load, seconds interval);
    void start_consuming(worker);
    void start_task(const task&);

    std::string name_;
    servers& servers_;
    std::vector<std::shared_ptr<void>> owned_;
    std::vector<std::pair<std::function<awaitable<result<>>()>, seconds>> loads_;  // and the interval of each
    std::function<awaitable<>()> release_;
    std::function<bool()> condition_;
    std::variant<worker, task> work_;
    std::vector<task> beside_;
    std::unique_ptr<gauges> gauges_;
    std::unique_ptr<workers::runner> runner_;
    std::unique_ptr<kafka::consumer> consumer_;
    std::set<boost::asio::steady_timer*> pauses_;
    bool started_ = false;
    bool draining_ = false;
    clock::time_point end_of_work_, deadline_;  // of the drain
    int running_tasks_ = 0;
    bool task_failed_ = false;
};

}  // namespace airi::workers
