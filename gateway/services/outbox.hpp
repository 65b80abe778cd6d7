// Events that a statement stores in the transaction of what they report (outbox_add in sql/functions/outbox.sql). The
// relay publishes them: the request depends on Postgres alone. Used by routes that change a row and have an effect
// elsewhere.
#pragma once

#include <string_view>
#include <vector>

#include "events/codec.hpp"
#include "events/envelope.hpp"
#include "gateway/services/services.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {

/// The identity and cause of an event, as the parameters :event, :traceparent and :request_id.
void add_origin(std::vector<sql::argument>&, event_id, const request_trace&);

/// Binds a statement that stores this event: the parameters :topic, :key, :value and those of add_origin.
template <class Event>
postgres::bound bind_event(std::string_view statement, std::vector<sql::argument> arguments, const Event& event,
    event_id id, const request_trace& trace) {
    arguments.emplace_back("topic", Event::topic);
    arguments.emplace_back("key", events::key_text(event.*Event::key));
    arguments.emplace_back("value", events::encode(event));
    add_origin(arguments, id, trace);
    return sql::bind(sql::statement(statement), arguments);
}

/// Called after the commit: the relay publishes at once. Best effort, without waiting.
void wake_relay(services&);

}  // namespace airi::gateway
