// A record that is published again. Pure.
#pragma once

#include <string>
#include <string_view>

#include "platform/kafka/kafka.hpp"

namespace airi::workers::operations {

/// A record with so many replays is not replayed again: its replays feed one another.
inline constexpr int most_replays = 5;

/// The number of times that the record was replayed.
int replays_of(const kafka::message&);

/// The original topic of a record in a dead-letter or retry topic; otherwise the record's own topic.
std::string origin_of(const kafka::message&);

/// The same key, value and CloudEvent, so that consumers recognise a handled record; without the headers of its
/// delivery (trace, retries, dead letters), and with x-replay-id and x-replay-count. `group`: the only consumer group
/// that handles it; empty: all.
kafka::record replayed(kafka::message, std::string topic, std::string_view replay_id, std::string_view group = {});

}  // namespace airi::workers::operations
