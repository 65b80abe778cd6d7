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
#include "workers/runtime/delivery.hpp"
#include "workers/runtime/frame_channel.hpp"

namespace airi::workers {

/// What happens when the statements are committed: whose rows were changed is told, then frames to the clients, events
/// to Kafka. At least once.
struct after_commit {
    std::vector<user_id> changed;
    std::vector<outgoing_frame> frames;
    std::vector<announcement> announcements;
    std::vector<events::outgoing> events;
};

/// What a handler wants done: the statements in one transaction, then what happens after the commit. `derive`, when
/// set, makes them from what the statements returned.
struct effects {
    std::vector<postgres::bound> statements;
    after_commit after;
    std::function<after_commit(const std::vector<postgres::rows>&)> after_from_rows;
};

/// A record as a handler sees it.
struct record {
    const kafka::message& from;

    event_id id() const;  ///< ce_id; derived from topic, partition and offset when there is none
    std::string_view traceparent() const { return from.header_value("traceparent"); }
};

struct worker {
    std::string name;        ///< in logs and metrics
    std::string_view group;  ///< one of consumer_groups
    std::string topic;
    retry_policy retry;
    std::size_t max_in_flight = 64;  ///< handlers running at the same time
    std::size_t high_mark = 512;     ///< records held of a partition before it is paused
    /// One record at a time per key. Or:
    std::function<awaitable<result<effects>>(record)> handle;
    /// up to `max_in_flight` records in one set of effects; one that fails is then handled one by one.
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
