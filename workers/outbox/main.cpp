// The relay of the outbox as a program: Postgres, Kafka's producer, and the wake-up over Redis.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "events/outbox.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "platform/telemetry/admin.hpp"
#include "workers/outbox/relay.hpp"
#include "workers/runtime/worker_process.hpp"

namespace {

namespace asio = boost::asio;
using namespace airi;

constexpr milliseconds pause_of_outage{500};

// Once subscribed, the subscriber does it again by itself.
awaitable<> subscribe(redis::subscriber& subscriber) {
    while (!co_await subscriber.subscribe(std::string(events::outbox_channel))) co_await sleep(pause_of_outage);
}

awaitable<> run_until_stopped(workers::outbox::relay& relay, asio::io_context& context) {
    co_await relay.run();
    context.stop();
}

// An interrupted look publishes its events again.
awaitable<> stop(workers::outbox::relay& relay, asio::io_context& context, milliseconds limit) {
    relay.stop();
    co_await sleep(limit);
    context.stop();
}

}  // namespace

int main(int count, char** arguments) {
    workers::worker_settings settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    log::start("outbox", settings.log_level);
    asio::io_context context{1};
    postgres::pool_options pool;
    pool.url = settings.database_url;
    pool.connections = 1;
    const auto database = postgres::open(pool);
    kafka::producer_options options;
    options.brokers = settings.kafka_brokers;
    options.client_id = settings.instance.empty() ? "outbox" : settings.instance;
    options.message_timeout = seconds{5};
    const auto producer = kafka::open_producer(options);
    const auto owner = options.client_id + "#" + uuid::v7().text();
    workers::outbox::relay relay(*database, *producer, context.get_executor(), owner);
    const auto subscriber = redis::open_subscriber(context.get_executor(), settings.redis_url);
    subscriber->arrived = [&](std::string_view, std::string_view) { relay.wake(); };
    admin_server admin(context.get_executor(), {.host = "127.0.0.1", .port = settings.admin_port, .ready = [&] {
                                                    return database->available() && producer->available();
                                                }});
    asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](const error_code& failed, int) {
        if (!failed) asio::co_spawn(context, stop(relay, context, settings.drain), asio::detached);
    });
    asio::co_spawn(context, subscribe(*subscriber), asio::detached);
    asio::co_spawn(context, run_until_stopped(relay, context), asio::detached);
    log::info("worker.started", {{"owner", owner}});
    context.run();
    admin.close();
    producer->close(milliseconds{200});
}
