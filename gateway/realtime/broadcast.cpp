#include "gateway/realtime/broadcast.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "events/frames/frame.hpp"

namespace airi::gateway {
namespace {

awaitable<> publish(redis::client& redis, std::string channel, std::string payload) {
    std::vector<std::string> words{"PUBLISH", std::move(channel), std::move(payload)};
    co_await redis.command(std::move(words));
}

}  // namespace

void broadcast(redis::client& redis, executor executor, std::string channel, std::string_view frame,
    const std::optional<message_id>& created) {
    boost::asio::co_spawn(
        executor, publish(redis, std::move(channel), events::publish_payload(frame, created)), boost::asio::detached);
}

}  // namespace airi::gateway
