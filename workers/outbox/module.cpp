#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "events/outbox.hpp"
#include "workers/outbox/relay.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

namespace asio = boost::asio;

awaitable<> stop_at_drain(worker_host& host, outbox::relay& relay) {
    while (co_await host.pause(seconds{3600})) {
    }
    relay.stop();
}

// An interrupted look publishes its events again.
awaitable<> run(worker_host& host, outbox::relay& relay) {
    asio::co_spawn(host.executor(), stop_at_drain(host, relay), asio::detached);
    co_await relay.run();
}

task wire(worker_host& host) {
    kafka::producer_options options;
    options.brokers = host.settings();
    options.client_id = host.owner() + ":outbox";
    options.message_timeout = seconds{4};  // less than the lease: a look of one event a key ends before it
    const auto& producer = host.own(kafka::open_producer(options));
    host.ready_while([&] { return producer->available(); });
    const auto& relay =
        host.own(std::make_unique<outbox::relay>(host.database(), *producer, host.executor(), host.owner()));
    // Redis only shortens the pause between two looks.
    host.subscribe(events::outbox_channel, [&](std::string_view) { relay->wake(); });
    return [&] { return run(host, *relay); };
}

}  // namespace

extern const worker_module outbox_module = module_of<wire>("outbox");

}  // namespace airi::workers
