#include "gateway/announce.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "events/frames.hpp"

namespace airi::gateway {
namespace {

awaitable<> publish(redis::client& by, std::string channel, std::string payload) {
    std::vector<std::string> words{"PUBLISH", std::move(channel), std::move(payload)};
    co_await by.command(std::move(words));
}

}  // namespace

void announce(redis::client& by, executor on, std::string channel, std::string_view type, std::string_view data) {
    const auto frame = json::object().add("type", type).add_raw("data", data).text();
    boost::asio::co_spawn(on, publish(by, std::move(channel), events::publish_payload(frame)), boost::asio::detached);
}

void announce_change(const exchange& of, const route& r, const handled& got) {
    const auto* whole = std::get_if<answer>(&got);
    const auto* said = whole ? std::get_if<response>(whole) : nullptr;
    if (!said || said->status >= 300) return;
    const auto body = json::document::parse(said->body);
    if (!body) return;
    const auto data =
        json::object().add_raw(r.announces.substr(0, r.announces.find('_')), body->root()["data"].text()).text();
    announce(of.use.redis, of.use.on, events::channel_of(of.caller->id), r.announces, data);
}

}  // namespace airi::gateway
