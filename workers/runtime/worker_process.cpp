#include "workers/runtime/worker_process.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "events/topics.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "platform/telemetry/admin.hpp"
#include "platform/telemetry/metrics.hpp"
#include "workers/runtime/redis_frame_channel.hpp"

namespace airi::workers {

namespace asio = boost::asio;

constexpr milliseconds max_leaving{3'000};

struct worker_process::state {
    std::string name;
    worker_settings settings;
    asio::io_context context{1};
    std::unique_ptr<postgres::database> database;
    std::unique_ptr<redis::client> redis;
    std::unique_ptr<frame_channel> frames;
    std::unique_ptr<kafka::producer> producer;
    std::unique_ptr<kafka::consumer> consumer;
    std::unique_ptr<workers::runner> runner;
    std::string owner;
    std::vector<std::pair<std::function<awaitable<result<>>()>, seconds>> loads;  // and the interval of each
    std::function<awaitable<>()> release;
    bool draining = false;
    int exit_code = 0;

    bool ready() const {
        return runner && runner->healthy() && !draining && database->available() && producer->available();
    }

    static awaitable<> reload(state& self, std::function<awaitable<result<>>()> load, seconds interval) {
        while (!self.draining) {
            co_await sleep(interval);
            if (const auto loaded = co_await load(); !loaded)
                log::warn("worker.reload_failed", {{"error", loaded.error().message()}});
        }
    }

    // Nothing is consumed before everything that the handlers need is loaded.
    static awaitable<> start(state& self, worker worker) {
        for (auto& [load, interval] : self.loads) {
            while (true) {
                const auto loaded = co_await load();
                if (loaded) break;
                log::warn("worker.load_failed", {{"error", loaded.error().message()}});
                co_await sleep(milliseconds{500});
                if (self.draining) co_return;
            }
            asio::co_spawn(self.context, reload(self, load, interval), asio::detached);
        }
        kafka::consumer_options options;
        options.brokers = self.settings.kafka_brokers;
        options.group = worker.group;
        options.instance = self.settings.instance;
        options.topics = {worker.topic, worker.topic + events::retry_suffix};
        options.session_timeout = self.settings.session_timeout;
        options.gathers = worker.handle_batch != nullptr || worker.patient;
        self.runner =
            make_runner(std::move(worker), {*self.database, *self.producer, *self.frames}, self.context.get_executor());
        self.consumer = kafka::open_consumer(options, self.context.get_executor(), self.runner->owner());
        self.runner->attach(*self.consumer);
        log::info("worker.started", {{"owner", self.owner}});
        while (!self.draining) {
            co_await sleep(milliseconds{500});
            self.update_metrics();
            if (self.runner->healthy()) continue;
            self.exit_code = 1;
            co_return co_await drain(self);
        }
    }

    void update_metrics() {
        static auto& handled = metrics::gauge_of("airi_worker_records_handled", "Records delivered.");
        static auto& dead = metrics::gauge_of("airi_worker_records_dead", "Records sent to the dead letters.");
        static auto& in_work = metrics::gauge_of("airi_worker_records_in_work", "Records taken and not yet done.");
        static auto& lag = metrics::gauge_of("airi_worker_lag", "Records behind the end of the topics; -1 unknown.");
        const auto counters = runner->counters();
        handled.set(counters.handled);
        dead.set(counters.dead);
        in_work.set(counters.in_work);
        lag.set(consumer->lag());
    }

    static awaitable<> drain(state& self) {
        if (self.draining) co_return;
        self.draining = true;
        log::info("worker.drain_started");
        using clock = std::chrono::steady_clock;
        const milliseconds whole = self.settings.drain;
        const auto deadline = clock::now() + whole;
        const auto left = [&] {
            return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(deadline - clock::now()));
        };
        // The rest of the time is for what follows the work: handing it over, leaving the group, the last events.
        if (self.runner) co_await self.runner->drain(whole - std::min(max_leaving, whole / 3));
        if (self.release) {
            co_await self.release();
            if (self.runner) co_await self.runner->drain(std::min(milliseconds{1'000}, left()));
        }
        if (self.consumer) co_await self.consumer->stop(std::max(left(), milliseconds{2'000}));
        self.producer->close(self.producer->available() ? std::max(left(), milliseconds{1'000}) : milliseconds{200});
        self.redis->close();
        self.context.stop();
    }
};

worker_process::worker_process(std::string name, const worker_settings& settings) : state_(std::make_unique<state>()) {
    auto& s = *state_;
    s.name = std::move(name);
    s.settings = settings;
    log::start(s.name, settings.log_level);
    const auto slot = settings.instance.empty() ? s.name + "-" + uuid::v7().text() : settings.instance;
    s.owner = slot + "#" + uuid::v7().text();
    postgres::pool_options pool;
    pool.url = settings.database_url;
    pool.connections = static_cast<std::size_t>(settings.database_connections);
    pool.group_linger = settings.group_linger;
    s.database = postgres::open(pool);
    s.redis = redis::open_client(s.context.get_executor(), settings.redis_url);
    s.frames = open_frame_channel(*s.redis);
    kafka::producer_options producer;
    producer.brokers = settings.kafka_brokers;
    producer.client_id = slot;
    producer.batch_linger = milliseconds{100};
    s.producer = kafka::open_producer(producer);
}

worker_process::~worker_process() = default;

executor worker_process::executor() const { return state_->context.get_executor(); }
postgres::database& worker_process::database() { return *state_->database; }
redis::client& worker_process::redis() { return *state_->redis; }
frame_channel& worker_process::frames() { return *state_->frames; }
const std::string& worker_process::owner() const { return state_->owner; }

void worker_process::reload_every(std::function<awaitable<result<>>()> load, seconds interval) {
    state_->loads.emplace_back(std::move(load), interval);
}

void worker_process::on_drain_timeout(std::function<awaitable<>()> release) { state_->release = std::move(release); }

int worker_process::run(worker worker) {
    auto& s = *state_;
    asio::signal_set signals(s.context, SIGTERM, SIGINT);
    signals.async_wait([&](const error_code& ec, int) {
        if (!ec) asio::co_spawn(s.context, state::drain(s), asio::detached);
    });
    admin_server admin(s.context.get_executor(),
        {.host = "127.0.0.1", .port = s.settings.admin_port, .ready = [&] { return s.ready(); }});
    asio::co_spawn(s.context, state::start(s, std::move(worker)), asio::detached);
    while (!s.context.stopped()) {
        try {
            s.context.run();
        } catch (const std::exception& e) {
            log::error("worker.threw", {{"what", e.what()}});
        }
    }
    admin.close();
    return s.exit_code;
}

}  // namespace airi::workers
