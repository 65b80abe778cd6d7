// The process of one or several workers: their servers, their admin port, and one drain for all on SIGTERM. Used by
// airi-worker. One io_context, one thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "workers/runtime/worker_host.hpp"

namespace airi::workers {

class worker_process {
public:
    /// `service` is the program's name in the logs.
    worker_process(std::string_view service, const worker_settings&);
    ~worker_process();
    worker_process(const worker_process&) = delete;

    /// A further worker, which `wire` gives its work. Before run().
    void add(std::string_view name, const std::function<void(worker_host&)>& wire);

    /// Runs the workers until SIGTERM or SIGINT, or until one has failed for good, then drains all of them; a second
    /// signal ends their time for work. The exit code: 1 after a failure.
    int run();

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace airi::workers
