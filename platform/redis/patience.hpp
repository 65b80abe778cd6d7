// How long a Redis connection waits for a silent server, for clients that cannot wait as long as the others do. Used
// by tests.
#pragma once

#include <memory>

#include "platform/base/clock.hpp"
#include "platform/redis/redis.hpp"

namespace airi::redis {

struct patience {
    milliseconds answer{
        2000};  ///< for an answer; then the connection is dropped. A command may have waited an eighth more
    milliseconds idle{5000};  ///< without any traffic, before the connection is probed

    milliseconds tick() const { return answer / 8; }
};

std::unique_ptr<client> open_client(executor on, const secret& url, patience);
std::unique_ptr<subscriber> open_subscriber(executor on, const secret& url, patience);

}  // namespace airi::redis
