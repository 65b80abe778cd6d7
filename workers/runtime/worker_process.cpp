#include "workers/runtime/worker_process.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "platform/telemetry/admin.hpp"
#include "platform/telemetry/pool_metrics.hpp"

namespace airi::workers {

namespace asio = boost::asio;

struct worker_process::state {
    // shutdown() destroys the coroutines that are left, while what they refer to still exists.
    struct event_loop : asio::io_context {
        event_loop() : io_context(1) {}
        using execution_context::shutdown;
    };

    event_loop loop;
    std::vector<std::unique_ptr<worker_host>> hosts;
    std::optional<workers::servers> servers;
    std::optional<tracing::exporter> traces;
    bool draining = false;
    int exit_code = 0;

    bool ready() const {
        return !draining && servers->available() &&
               std::all_of(hosts.begin(), hosts.end(), [](const auto& host) { return host->ready(); });
    }

    static awaitable<> watch(state& self) {
        metrics::pool_gauges pool;
        while (!self.draining) {
            co_await sleep(milliseconds{500});
            pool.show(self.servers->database().use());
            for (const auto& host : self.hosts) {
                host->update_metrics();
                if (host->failed()) self.exit_code = 1;
            }
            if (self.exit_code != 0) co_await drain(self);
        }
    }

    static awaitable<> drain_at_signal(state& self, asio::signal_set& signals) {
        co_await signals.async_wait(asio::use_awaitable);
        asio::co_spawn(self.loop, drain(self), asio::detached);
        co_await signals.async_wait(asio::use_awaitable);
        log::info("worker.drain_hastened");
        for (const auto& host : self.hosts) host->hasten();
    }

    static awaitable<> drain(state& self) {
        if (std::exchange(self.draining, true)) co_return;
        log::info("worker.drain_started");
        const milliseconds limit = self.servers->settings().drain;
        const auto deadline = worker_host::clock::now() + limit;
        asio::steady_timer all_drained(self.loop, asio::steady_timer::time_point::max());
        auto left = self.hosts.size();
        for (const auto& host : self.hosts)
            asio::co_spawn(self.loop, host->drain(limit), [&](const std::exception_ptr& thrown) {
                if (thrown) log::error("worker.drain_failed");
                if (--left == 0) all_drained.cancel();
            });
        error_code ignored;
        if (left > 0) co_await all_drained.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        self.servers->close(std::chrono::ceil<milliseconds>(deadline - worker_host::clock::now()));
        self.loop.stop();
    }
};

worker_process::worker_process(std::string_view service, const worker_settings& settings)
    : state_(std::make_unique<state>()) {
    log::start(service, settings.log_level);
    state_->servers.emplace(state_->loop.get_executor(), service, settings);
    state_->traces.emplace(settings, "airi-" + std::string(service), state_->servers->owner());
}

worker_process::~worker_process() {
    // A query in progress ends first: its coroutine is resumed never, and destroyed below.
    state_->servers.reset();
    state_->loop.shutdown();
    state_->traces.reset();
}

void worker_process::add(std::string_view name, const std::function<void(worker_host&)>& wire) {
    wire(*state_->hosts.emplace_back(std::make_unique<worker_host>(name, *state_->servers)));
}

int worker_process::run() {
    auto& s = *state_;
    asio::signal_set signals(s.loop, SIGTERM, SIGINT);
    asio::co_spawn(s.loop, state::drain_at_signal(s, signals), asio::detached);
    admin_server admin(s.loop.get_executor(), {.host = s.servers->settings().admin_address,
                                                  .port = s.servers->settings().admin_port,
                                                  .ready = [&] { return s.ready(); }});
    for (const auto& host : s.hosts) asio::co_spawn(s.loop, host->start(), asio::detached);
    asio::co_spawn(s.loop, state::watch(s), asio::detached);
    while (!s.loop.stopped()) {
        try {
            s.loop.run();
        } catch (const std::exception& e) {
            log::error("worker.threw", {{"what", e.what()}});
        }
    }
    admin.close();
    return s.exit_code;
}

}  // namespace airi::workers
