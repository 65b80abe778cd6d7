#include "gateway/realtime/broadcast.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "events/frames.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {
namespace {

awaitable<> publish(redis::client& client, std::string channel, std::string payload) {
    std::vector<std::string> words{"PUBLISH", std::move(channel), std::move(payload)};
    co_await client.command(std::move(words));
}

}  // namespace

void broadcast(
    redis::client& client, executor executor, std::string channel, std::string_view type, std::string_view data) {
    const auto frame = json::object().add("type", type).add_raw("data", data).text();
    boost::asio::co_spawn(
        executor, publish(client, std::move(channel), events::publish_payload(frame)), boost::asio::detached);
}

}  // namespace airi::gateway
