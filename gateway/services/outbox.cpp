#include "gateway/services/outbox.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "events/outbox.hpp"

namespace airi::gateway {
namespace {

awaitable<> call(redis::client& redis) {
    std::vector<std::string> publish{"PUBLISH", std::string(events::outbox_channel), ""};
    co_await redis.command(std::move(publish));
}

}  // namespace

void add_origin(std::vector<sql::argument>& arguments, event_id id, const request_trace& trace) {
    arguments.emplace_back("event", id);
    arguments.emplace_back("traceparent", trace.traceparent);
    arguments.emplace_back("request_id", trace.request_id);
}

void wake_relay(services& services) {
    boost::asio::co_spawn(services.executor, call(services.redis), boost::asio::detached);
}

}  // namespace airi::gateway
