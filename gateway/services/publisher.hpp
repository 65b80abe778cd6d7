// Events out of the gateway. Used by routes and sockets; over Kafka in kafka_publisher, in memory in tests.
#pragma once

#include <vector>

#include "events/envelope.hpp"
#include "gateway/http/application.hpp"
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

/// Publishes one event that a request causes.
template <class Event>
awaitable<result<>> publish_event(publisher& to, const Event& event, event_id id, const request& cause) {
    std::vector<events::outgoing> out;
    out.push_back(events::envelope(event, {id, "/airi/gateway", cause.arrived, cause.traceparent, cause.id}));
    return to.publish(std::move(out));
}

}  // namespace airi::gateway
