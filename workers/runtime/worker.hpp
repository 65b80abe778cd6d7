// What a worker is: a name, the topic it consumes, and a coroutine from a record to effects. The runner does the rest.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "events/codec.hpp"
#include "platform/base/async.hpp"
#include "platform/kafka/kafka.hpp"
#include "workers/runtime/delivery.hpp"
#include "workers/runtime/effects.hpp"

namespace airi::workers {

/// A record as a handler sees it.
struct record {
    const kafka::message& message;

    event_id id() const;  ///< ce_id; derived from topic, partition and offset when there is none
    std::string_view traceparent() const { return message.header_value("traceparent"); }
};

struct worker {
    std::string name;  ///< in logs and metrics
    /// The consumer group, which workers/workers.cmake has too. It names offsets in Kafka and rows of the inbox:
    /// another one would read a week of records again, so it stays when the worker is renamed.
    std::string_view group;
    std::string topic;
    std::vector<std::string> more_topics;  ///< the same worker, group and order of keys within each
    retry_policy retry;
    std::size_t max_in_flight = 64;  ///< handlers running at the same time
    std::size_t high_mark = 512;     ///< records held of a partition before it is paused
    bool patient = false;            ///< no user waits for it: records may arrive some 50 ms later, several at once
    /// Its statements are short and lock rows of their record's key only: under load the effects of many records are
    /// committed together (postgres::transaction::group_order).
    bool groups_effects = false;
    /// One record at a time per key. Or:
    std::function<awaitable<result<effects>>(record)> handle;
    /// up to `max_in_flight` records with one set of effects; a batch that fails is then handled record by record.
    std::function<result<effects>(std::span<const kafka::message>)> handle_batch;
    /// Effects of giving a record up (besides its dead letter), so that no work is left without an end.
    std::function<effects(record)> give_up;
};

/// Makes a handler of a coroutine that takes the decoded event; records that cannot be decoded are refused.
template <class Event, class Handler>
std::function<awaitable<result<effects>>(record)> on_event(Handler handler) {
    struct call {
        static awaitable<result<effects>> run(Handler handler, record record) {
            auto event = events::decode<Event>(record.message.value);
            if (!event) co_return event.error();
            co_return co_await handler(std::move(*event), record);
        }
    };
    return [handler](record record) { return call::run(handler, record); };
}

}  // namespace airi::workers
