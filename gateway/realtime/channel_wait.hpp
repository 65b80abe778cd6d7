// One request waiting for a worker's message on a channel. Subscribes before the question is published, so that the
// message is not missed; best effort all the same, so the caller asks Postgres after a silence. One thread.
#pragma once

#include <memory>
#include <string>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"

namespace airi::gateway {

class hub;

class channel_wait {
public:
    /// The hub must outlive it.
    channel_wait(hub&, const executor&, std::string channel);
    ~channel_wait();  ///< leaves the channel
    channel_wait(const channel_wait&) = delete;

    /// Messages from here on are noticed, unless Redis is away.
    awaitable<> subscribe();
    /// Ends when a message has come since subscribe() or the last wait(), or after `limit`.
    awaitable<> wait(milliseconds limit);

private:
    class listener;
    hub& hub_;
    std::string channel_;
    std::shared_ptr<listener> listener_;
};

}  // namespace airi::gateway
