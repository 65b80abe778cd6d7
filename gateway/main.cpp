#include <sys/resource.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <iostream>
#include <thread>

#include "gateway/api/dispatcher.hpp"
#include "gateway/api/router.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/metrics.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/realtime/open_sockets.hpp"
#include "gateway/realtime/presence.hpp"
#include "gateway/realtime/socket_places.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/kafka_publisher.hpp"
#include "gateway/services/response_cache.hpp"
#include "gateway/settings.hpp"
#include "gateway/transport/connection_limits.hpp"
#include "gateway/transport/server.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/telemetry/admin.hpp"

namespace {

using namespace airi;
using namespace airi::gateway;
namespace asio = boost::asio;

// Shared by all threads.
struct shared_parts {
    std::unique_ptr<postgres::database> database;
    std::unique_ptr<kafka::producer> producer;
    std::unique_ptr<gateway::publisher> publisher;
    std::unique_ptr<passwords::pool> hashing;
    tokens::keyring keys;
    secret refresh_key;
    seal::master master;
    seal::keyring evidence;
    seal::key links;
    gateway::catalogue catalogue = {};
    gateway_options options;
    std::shared_ptr<socket_places> places;
    router routes{routes::tables()};
};

// One thread: its sockets, its connections to Redis, its caches. No other thread touches any of it.
struct core {
    core(shared_parts& shared, const gateway_settings& settings, const server_options& listen)
        : redis(redis::open_client(context.get_executor(), settings.redis_url)),
          subscriber(redis::open_subscriber(context.get_executor(), settings.redis_url)),
          channels(context.get_executor(), *subscriber, *redis),
          online(context.get_executor(), *redis, sockets),
          accounts(*shared.database, shared.master),
          limits(*redis),
          responses(*redis),
          services{.database = *shared.database,
              .redis = *redis,
              .channels = channels,
              .sockets = sockets,
              .places = *shared.places,
              .publisher = *shared.publisher,
              .hashing = *shared.hashing,
              .keys = shared.keys,
              .refresh_key = shared.refresh_key,
              .master = shared.master,
              .evidence = shared.evidence,
              .catalogue = shared.catalogue,
              .routes = shared.routes,
              .accounts = accounts,
              .limits = limits,
              .responses = responses,
              .options = shared.options,
              .executor = context.get_executor(),
              .links = shared.links},
          app(make_dispatcher(services, shared.routes)),
          listening(context.get_executor(), *app, listen) {
        asio::co_spawn(context, subscribe_to_session_ends(services), asio::detached);
        asio::co_spawn(context, subscribe_to_account_changes(services), asio::detached);
        asio::co_spawn(context, accept_when_connected(), asio::detached);
    }
    ~core() {
        // Joins and commands that still wait end first: their coroutines are resumed never, and destroyed below.
        channels.close();
        redis.reset();
        context.shutdown();
    }

    // Without Redis no request is counted, so none is accepted in the moment before Redis is there. When it stays away,
    // the gateway serves as it does when Redis fails later.
    awaitable<> accept_when_connected() {
        const auto connected = [this] { return redis->available() && subscriber->available(); };
        for (int tries = 0; tries < 200 && !connected(); ++tries) co_await sleep(milliseconds{10});
        listening.start();
        accepts = true;
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

    // shutdown() destroys the coroutines that are left, while what they refer to still exists.
    struct event_loop : asio::io_context {
        event_loop() : io_context(1) {}
        using execution_context::shutdown;
    };

    event_loop context;
    std::unique_ptr<redis::client> redis;
    std::unique_ptr<redis::subscriber> subscriber;
    hub channels;
    open_sockets sockets;
    presence online;
    account_cache accounts;
    rate_limiter limits;
    response_cache responses;
    gateway::services services;
    std::unique_ptr<application> app;
    server listening;
    bool accepts = false;  ///< connections of clients
};

using cores = std::vector<std::unique_ptr<core>>;

shared_parts open_shared(const gateway_settings& settings) {
    auto producer =
        kafka::open_producer({.brokers = settings, .client_id = "gateway", .message_timeout = milliseconds{10'000}});
    auto publisher = make_publisher(*producer);
    return {
        .database = postgres::open(
            {.url = settings.database_url, .connections = static_cast<std::size_t>(settings.database_connections)}),
        .producer = std::move(producer),
        .publisher = std::move(publisher),
        .hashing = std::make_unique<passwords::pool>(static_cast<std::size_t>(settings.hashing_threads), 256),
        .keys = keyring_of(settings),
        .refresh_key = secret(digest::hmac_sha256(settings.jwt_secret, "airi/refresh")),
        .master = seal::master(settings.encryption_key, settings.encryption_key_previous),
        .evidence = seal::keyring(settings.evidence_key, settings.evidence_key_previous, "evidence"),
        .links = seal::key::of(settings.link_key, "links"),
        .options = options_of(settings),
        .places = std::make_shared<socket_places>(static_cast<std::size_t>(settings.sockets_per_account)),
    };
}

cores open_cores(shared_parts& shared, const gateway_settings& settings) {
    auto listen = listening_of(settings);
    listen.shared_limits = std::make_shared<connection_limits>(listen.per_address, listen.connections);
    cores out;
    for (std::int64_t i = 0; i < settings.threads; ++i) out.push_back(std::make_unique<core>(shared, settings, listen));
    return out;
}

// Changes by an admin take effect without a restart.
awaitable<> reload(shared_parts& shared) {
    while (true) {
        const auto loaded = co_await shared.catalogue.load(*shared.database);
        co_await sleep(loaded ? milliseconds{5'000} : milliseconds{500});
    }
}

// The last core to end stops all of them: the first one waits for signals until then.
awaitable<> drain(const cores& cores, std::size_t which, milliseconds limit, std::shared_ptr<std::atomic_size_t> left) {
    auto& core = *cores[which];
    core.services.draining = true;
    co_await core.listening.drain(limit);
    if (--*left > 0) co_return;
    for (const auto& each : cores) each->context.stop();
}

// A second signal hastens what the first one began.
awaitable<> drain_at_signal(asio::signal_set& signals, const cores& cores, milliseconds limit) {
    co_await signals.async_wait(asio::use_awaitable);
    log::info("gateway.draining");
    const auto left = std::make_shared<std::atomic_size_t>(cores.size());
    for (std::size_t i = 0; i < cores.size(); ++i)
        asio::co_spawn(cores[i]->context, drain(cores, i, limit, left), asio::detached);
    co_await signals.async_wait(asio::use_awaitable);
    log::info("gateway.drain_hastened");
    for (const auto& each : cores) asio::post(each->context, [&listening = each->listening] { listening.hasten(); });
}

awaitable<> show_counters_of(const cores& cores, const postgres::database& database) {
    std::vector<const session_counters*> sessions;
    std::vector<const hub_counters*> hubs;
    for (const auto& each : cores) {
        sessions.push_back(&each->listening.counters());
        hubs.push_back(&each->channels.counters());
    }
    return show_counters(std::move(sessions), std::move(hubs), database);
}

// Serves until every core has drained. The first core runs on this thread.
void run_all(const cores& cores) {
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < cores.size(); ++i) threads.emplace_back([&, i] { cores[i]->run(); });
    cores.front()->run();
    for (auto& thread : threads) thread.join();
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
    const tracing::exporter traces(settings, "airi-gateway", uuid::v7().text());
    auto shared = open_shared(settings);
    const auto cores = open_cores(shared, settings);
    auto& first = *cores.front();
    asio::co_spawn(first.context, reload(shared), asio::detached);
    asio::co_spawn(first.context, show_counters_of(cores, *shared.database), asio::detached);
    asio::signal_set signals(first.context, SIGTERM, SIGINT);
    asio::co_spawn(first.context, drain_at_signal(signals, cores, settings.drain), asio::detached);
    // The metrics are for operators, not for clients.
    admin_server admin(
        first.context.get_executor(), {.host = settings.admin_address, .port = settings.admin_port, .ready = [&] {
                                           return first.accepts && missing_of(first.services).empty();
                                       }});
    log::info("gateway.started",
        {{"port", first.listening.port()}, {"admin_port", admin.port()}, {"threads", settings.threads}});
    run_all(cores);
    admin.close();
    // Their threads post to the cores' contexts, so they end first.
    shared.producer->close(seconds{5});
    shared.producer.reset();
    shared.database.reset();
    shared.hashing.reset();
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
