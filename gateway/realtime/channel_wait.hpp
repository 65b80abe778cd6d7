// A word that a worker says on a channel when it is done, waited for by one request. Joined before the question is
// published, so that it is not missed; best effort all the same, so Postgres is asked after a silence. One thread.
#pragma once

#include <memory>
#include <string>

#include "gateway/services/services.hpp"

namespace airi::gateway {

class channel_wait {
public:
    channel_wait(services& services, std::string channel);
    ~channel_wait();  ///< leaves the channel
    channel_wait(const channel_wait&) = delete;

    /// From here on nothing is missed, unless Redis is away.
    awaitable<> listen();
    /// Ends when something was said since listen(), or after `longest`.
    awaitable<> woken(milliseconds longest);

private:
    class listener;
    services& services_;
    std::string channel_;
    std::shared_ptr<listener> ear_;
};

}  // namespace airi::gateway
