// The relay of the outbox: publishes the events that statements have stored there (outbox_add), then deletes them. Any
// number of relays may run; each partition of the outbox belongs to one of them for a look. Used by its module.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <string>

#include "platform/base/clock.hpp"
#include "platform/kafka/kafka.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::workers::outbox {

/// The outcome of one look at the outbox.
struct look {
    bool published = false;  ///< at least one event, or refused
    bool waiting = false;    ///< none, though there are some: of another relay, or not yet to be published
};

/// How long the next look waits for a wake-up, after this outcome and the pause before it. Measurements wake the relay
/// while an outage lasts.
milliseconds pause_after(const result<look>&, milliseconds last);

class relay {
public:
    /// `name` is unique among all relays. The ports must outlive it.
    relay(postgres::database&, kafka::producer&, executor, std::string name);

    /// One look: publishes each event at least once, in order per key. An event that Kafka will never accept is marked
    /// as refused, logged and left out from then on. An error leaves everything that was not acknowledged in place.
    awaitable<result<look>> look_once();
    /// Sets the metrics, and wakes the relay when events are waiting.
    awaitable<> measure();
    /// Looks when woken, and measures every second, until stop().
    awaitable<> run();
    /// An event may have been stored: the next look is now.
    void wake();
    /// Ends run() after the look under way.
    void stop();

private:
    awaitable<> keep_looking();
    awaitable<> keep_measuring();

    postgres::database& database_;
    kafka::producer& producer_;
    boost::asio::steady_timer next_look_, next_measurement_;
    std::string name_;
    bool woken_ = false, stopped_ = false;
};

}  // namespace airi::workers::outbox
