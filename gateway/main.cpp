#include <sys/resource.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <iostream>
#include <thread>

#include "gateway/api/dispatcher.hpp"
#include "gateway/api/router.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/metrics.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/realtime/open_sockets.hpp"
#include "gateway/realtime/presence.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/kafka_publisher.hpp"
#include "gateway/services/response_cache.hpp"
#include "gateway/settings.hpp"
#include "gateway/transport/connection_limits.hpp"
#include "gateway/transport/server.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"

namespace {

using namespace airi;
using namespace airi::gateway;
namespace asio = boost::asio;

// What all threads share.
struct shared_parts {
    std::unique_ptr<postgres::database> database;
    std::unique_ptr<kafka::producer> producer;
    std::unique_ptr<publisher> out;
    passwords::pool hashing;
    tokens::keyring keys;
    secret refresh_key;
    seal::master master;
    catalogue known;
    gateway_options options;
    router routes{routes::tables};
};

// One core: its sockets, its connections to Redis, its caches. Nothing here is touched by another thread.
struct core {
    core(shared_parts& all, const gateway_settings& settings, const server_options& listen)
        : redis(redis::open_client(context.get_executor(), settings.redis_url)),
          subscriber(redis::open_subscriber(context.get_executor(), settings.redis_url)),
          channels(context.get_executor(), *subscriber, *redis),
          online(context.get_executor(), *redis, sockets),
          sessions(*all.database, all.master),
          limits(*redis),
          kept(*redis),
          services{.database = *all.database,
              .redis = *redis,
              .channels = channels,
              .sockets = sockets,
              .publisher = *all.out,
              .hashing = all.hashing,
              .keys = all.keys,
              .refresh_key = all.refresh_key,
              .master = all.master,
              .catalogue = all.known,
              .routes = all.routes,
              .accounts = sessions,
              .limits = limits,
              .responses = kept,
              .options = all.options,
              .executor = context.get_executor()},
          app(make_dispatcher(services, all.routes)),
          listening(context.get_executor(), *app, listen) {
        asio::co_spawn(context, hear_session_endings(services), asio::detached);
        listening.start();
    }

    void run() {
        while (!context.stopped()) {
            try {
                context.run();
            } catch (const std::exception& e) {
                log::error("gateway.stray_exception", {{"what", e.what()}});
            }
        }
    }

    asio::io_context context{1};
    std::unique_ptr<redis::client> redis;
    std::unique_ptr<redis::subscriber> subscriber;
    hub channels;
    open_sockets sockets;
    presence online;
    account_cache sessions;
    rate_limiter limits;
    response_cache kept;
    gateway::services services;
    std::unique_ptr<application> app;
    server listening;
};

awaitable<> sleep(milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

// Keeps the profile's data fresh: what an admin sets takes effect without a restart.
awaitable<> reload(shared_parts& all) {
    while (true) {
        const auto done = co_await all.known.load(*all.database);
        co_await sleep(done ? milliseconds{5'000} : milliseconds{500});
    }
}

awaitable<> drain(core& one, milliseconds limit) {
    co_await one.listening.drain(limit);
    one.context.stop();
}

void raise_descriptor_limit() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

int run(const gateway_settings& settings) {
    log::start("gateway", settings.log_level);
    raise_descriptor_limit();
    auto all =
        shared_parts{postgres::open({settings.database_url, static_cast<std::size_t>(settings.database_connections)}),
            kafka::open_producer(
                {.brokers = settings.kafka_brokers, .client_id = "gateway", .message_timeout = milliseconds{10'000}}),
            nullptr, {static_cast<std::size_t>(settings.hashing_threads), 256}, keyring_of(settings),
            secret(digest::hmac_sha256(settings.jwt_secret, "airi/refresh")),
            seal::master(settings.encryption_key, settings.encryption_key_previous), {}, options_of(settings),
            router{routes::tables}};
    all.out = make_publisher(*all.producer);
    auto listen = listening_of(settings);
    listen.shared_limits = std::make_shared<connection_limits>(listen.per_address, listen.connections);
    std::vector<std::unique_ptr<core>> cores;
    for (std::int64_t i = 0; i < settings.threads; ++i) cores.push_back(std::make_unique<core>(all, settings, listen));
    auto& first = *cores.front();
    asio::co_spawn(first.context, reload(all), asio::detached);
    std::vector<const session_counters*> counters;
    std::vector<const hub_counters*> hubs;
    for (const auto& one : cores) {
        counters.push_back(&one->listening.counters());
        hubs.push_back(&one->channels.counters());
    }
    asio::co_spawn(first.context, show_counters(counters, hubs), asio::detached);
    asio::signal_set signals(first.context, SIGTERM, SIGINT);
    signals.async_wait([&](const error_code& ec, int) {
        if (ec) return;
        log::info("gateway.leaving");
        for (const auto& one : cores) asio::co_spawn(one->context, drain(*one, settings.drain), asio::detached);
    });
    log::info("gateway.started", {{"port", first.listening.port()}, {"threads", settings.threads}});
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < cores.size(); ++i) threads.emplace_back([&, i] { cores[i]->run(); });
    first.run();
    for (auto& thread : threads) thread.join();
    all.producer->close(seconds{5});
    // Their threads post to the cores' contexts: they end first.
    all.producer.reset();
    all.database.reset();
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    gateway_settings settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    try {
        return run(settings);
    } catch (const std::exception& e) {
        std::cerr << "airi-gateway: " << e.what() << '\n';
        return 2;
    }
}
