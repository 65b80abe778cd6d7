#include "gateway/realtime/channel_wait.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/realtime/hub.hpp"

namespace airi::gateway {

class channel_wait::listener final : public channel_listener {
public:
    explicit listener(const executor& executor) : timer(executor) {}

    void on_frame(std::string_view, const delivered_frame&) override {
        notified = true;
        timer.cancel();
    }

    bool notified = false;
    boost::asio::steady_timer timer;
};

channel_wait::channel_wait(hub& hub, const executor& executor, std::string channel)
    : hub_(hub), channel_(std::move(channel)), listener_(std::make_shared<listener>(executor)) {}

channel_wait::~channel_wait() { hub_.leave(channel_, listener_.get()); }

awaitable<> channel_wait::subscribe() { co_await hub_.join(channel_, listener_); }

awaitable<> channel_wait::wait(milliseconds limit) {
    if (std::exchange(listener_->notified, false)) co_return;
    listener_->timer.expires_after(limit);
    co_await listener_->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

}  // namespace airi::gateway
