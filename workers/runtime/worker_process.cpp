#include "workers/runtime/worker_process.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "events/topics.hpp"
#include "platform/base/log.hpp"
#include "platform/telemetry/admin.hpp"
#include "platform/telemetry/metrics.hpp"
#include "workers/runtime/redis_frame_channel.hpp"

namespace airi::workers {

namespace asio = boost::asio;

namespace {

awaitable<> sleep(milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace

struct worker_process::state {
    std::string name;
    worker_settings settings;
    asio::io_context context{1};
    std::unique_ptr<postgres::database> database;
    std::unique_ptr<redis::client> redis;
    std::unique_ptr<frame_channel> frames;
    std::unique_ptr<kafka::producer> producer;
    std::unique_ptr<kafka::consumer> consumer;
    std::unique_ptr<runner> work;
    std::string owner;
    std::vector<std::pair<std::function<awaitable<result<>>()>, seconds>> loads;
    std::function<awaitable<>()> release;
    bool leaving = false;
    int exit_code = 0;

    bool ready() const { return work && work->healthy() && !leaving && database->available() && producer->available(); }

    static awaitable<> reload(state& self, std::function<awaitable<result<>>()> load, seconds every) {
        while (!self.leaving) {
            co_await sleep(every);
            if (const auto done = co_await load(); !done)
                log::warn("worker.reload_failed", {{"error", done.error().message()}});
        }
    }

    // Until everything the handlers need is loaded nothing is consumed; a server that is away is waited for.
    static awaitable<> start(state& self, worker what) {
        for (auto& [load, every] : self.loads) {
            while (true) {
                const auto done = co_await load();
                if (done) break;
                log::warn("worker.waiting", {{"error", done.error().message()}});
                co_await sleep(milliseconds{500});
                if (self.leaving) co_return;
            }
            asio::co_spawn(self.context, reload(self, load, every), asio::detached);
        }
        kafka::consumer_options options;
        options.brokers = self.settings.kafka_brokers;
        options.group = what.group;
        options.instance = self.settings.instance;
        options.topics = {what.topic, what.topic + events::retry_suffix};
        options.session_timeout = self.settings.session_timeout;
        options.gathers = what.handle_batch != nullptr;
        self.work =
            make_runner(std::move(what), {*self.database, *self.producer, *self.frames}, self.context.get_executor());
        self.consumer = kafka::open_consumer(options, self.context.get_executor(), self.work->owner());
        self.work->attach(*self.consumer);
        log::info("worker.started", {{"owner", self.owner}});
        while (!self.leaving) {
            co_await sleep(milliseconds{500});
            self.show();
            if (self.work->healthy()) continue;
            self.exit_code = 1;
            co_return co_await leave(self);
        }
    }

    void show() {
        static auto& handled = metrics::gauge_of("airi_worker_records_handled", "Records brought to their end.");
        static auto& dead = metrics::gauge_of("airi_worker_records_dead", "Records sent to the dead letters.");
        static auto& in_work = metrics::gauge_of("airi_worker_records_in_work", "Records taken and not yet done.");
        static auto& lag = metrics::gauge_of("airi_worker_lag", "Records behind the end of the topics; -1 unknown.");
        const auto now_is = work->counters();
        handled.set(now_is.handled);
        dead.set(now_is.dead);
        in_work.set(now_is.in_work);
        lag.set(consumer->lag());
    }

    static awaitable<> leave(state& self) {
        if (self.leaving) co_return;
        self.leaving = true;
        log::info("worker.leaving");
        if (self.work) co_await self.work->drain(self.settings.drain);
        if (self.release) co_await self.release();
        if (self.work) co_await self.work->drain(seconds{2});
        if (self.consumer) co_await self.consumer->stop();
        self.producer->close(seconds{5});
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

executor worker_process::on() const { return state_->context.get_executor(); }
postgres::database& worker_process::database() { return *state_->database; }
redis::client& worker_process::redis() { return *state_->redis; }
frame_channel& worker_process::frames() { return *state_->frames; }
const std::string& worker_process::owner() const { return state_->owner; }

void worker_process::reload_every(std::function<awaitable<result<>>()> load, seconds every) {
    state_->loads.emplace_back(std::move(load), every);
}

void worker_process::on_drain_timeout(std::function<awaitable<>()> release) { state_->release = std::move(release); }

int worker_process::run(worker what) {
    auto& s = *state_;
    asio::signal_set signals(s.context, SIGTERM, SIGINT);
    signals.async_wait([&](const error_code& ec, int) {
        if (!ec) asio::co_spawn(s.context, state::leave(s), asio::detached);
    });
    admin_server admin(s.context.get_executor(),
        {.host = "127.0.0.1", .port = s.settings.admin_port, .ready = [&] { return s.ready(); }});
    asio::co_spawn(s.context, state::start(s, std::move(what)), asio::detached);
    while (!s.context.stopped()) {
        try {
            s.context.run();
        } catch (const std::exception& e) {
            log::error("worker.stray_exception", {{"what", e.what()}});
        }
    }
    admin.close();
    return s.exit_code;
}

}  // namespace airi::workers
