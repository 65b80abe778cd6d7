// What a worker is: a name, the event it takes, and a coroutine from a record to effects. The runner does the rest.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/codec.hpp"
#include "events/envelope.hpp"
#include "platform/base/async.hpp"
#include "platform/kafka/kafka.hpp"
#include "platform/postgres/postgres.hpp"
#include "workers/runtime/channel.hpp"
#include "workers/runtime/delivery.hpp"

namespace airi::workers {

/// What happens when the statements are committed: whose rows were changed is told, then frames to the clients, events
/// to Kafka. At least once.
struct consequences {
    std::vector<user_id> changed;
    std::vector<outgoing_frame> frames;
    std::vector<announcement> announcements;
    std::vector<events::outgoing> events;
};

/// What a handler wants done: the statements in one transaction, then the consequences. `derive`, when set, makes them
/// from what the statements returned.
struct effects {
    std::vector<postgres::bound> statements;
    consequences then;
    std::function<consequences(const std::vector<postgres::rows>&)> derive;
};

/// A record as a handler sees it.
struct record {
    const kafka::message& from;

    event_id id() const;  ///< ce_id; derived from topic, partition and offset when there is none
    std::string_view traceparent() const { return from.header_value("traceparent"); }
};

struct worker {
    std::string name;  ///< the consumer group too: renaming it replays the topic
    std::string topic;
    retry_policy retry;
    std::size_t at_once = 64;     ///< handlers running at the same time
    std::size_t high_mark = 512;  ///< records held of a partition before it is paused
    /// One record at a time per key. Or:
    std::function<awaitable<result<effects>>(record)> handle;
    /// up to `at_once` records in one set of effects; one that fails is then handled one by one.
    std::function<result<effects>(std::span<const kafka::message>)> handle_batch;
    /// Effects of giving a record up (beside its dead letter), so that nothing is left without an end.
    std::function<effects(record)> give_up;
};

/// Makes a handler of a coroutine that takes the decoded event: undecodable records are refused.
template <class Event, class Handler>
std::function<awaitable<result<effects>>(record)> on_event(Handler handler) {
    struct call {
        static awaitable<result<effects>> run(Handler h, record in) {
            auto event = events::decode<Event>(in.from.value);
            if (!event) co_return event.error();
            co_return co_await h(std::move(*event), in);
        }
    };
    return [handler](record in) { return call::run(handler, in); };
}

}  // namespace airi::workers
