#include "gateway/realtime/channel_wait.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/realtime/hub.hpp"

namespace airi::gateway {

class channel_wait::listener final : public channel_listener {
public:
    explicit listener(const executor& on) : wake(on) {}

    void hear(std::string_view, const airi::gateway::delivered_frame&) override {
        said = true;
        wake.cancel();
    }

    bool said = false;
    boost::asio::steady_timer wake;
};

channel_wait::channel_wait(services& services, std::string channel)
    : services_(services), channel_(std::move(channel)), ear_(std::make_shared<listener>(services.executor)) {}

channel_wait::~channel_wait() { services_.channels.leave(channel_, ear_.get()); }

awaitable<> channel_wait::listen() { co_await services_.channels.join(channel_, ear_); }

awaitable<> channel_wait::woken(milliseconds longest) {
    if (std::exchange(ear_->said, false)) co_return;
    ear_->wake.expires_after(longest);
    co_await ear_->wake.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

}  // namespace airi::gateway
