// The time-outs of a Redis connection with a silent server, and connections with shorter ones. Used by the connections,
// and by tests that cannot wait seconds.
#pragma once

#include <memory>

#include "platform/base/clock.hpp"
#include "platform/redis/redis.hpp"

namespace airi::redis {

struct patience {
    milliseconds answer{2000};  ///< without an answer the connection is dropped; a command may wait an eighth longer
    milliseconds idle{5000};    ///< without any traffic the connection is probed

    milliseconds tick() const { return answer / 8; }
};

std::unique_ptr<client> open_client(executor on, const secret& url, patience);
std::unique_ptr<subscriber> open_subscriber(executor on, const secret& url, patience);

}  // namespace airi::redis
