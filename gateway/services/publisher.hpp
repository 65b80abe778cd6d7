// Events out of the gateway. Used by routes and sockets; over Kafka in kafka_publisher, in memory in tests.
#pragma once

#include <vector>

#include "events/envelope.hpp"
#include "platform/base/async.hpp"
#include "platform/base/result.hpp"

namespace airi::gateway {

class publisher {
public:
    virtual ~publisher() = default;
    /// Ends when the broker has acknowledged all of them, or with the first error.
    virtual awaitable<result<>> publish(std::vector<events::outgoing>) = 0;
    virtual bool available() const = 0;
};

}  // namespace airi::gateway
