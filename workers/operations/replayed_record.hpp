// A record that is published again. Pure.
#pragma once

#include <string>
#include <string_view>

#include "platform/kafka/kafka.hpp"

namespace airi::workers::operations {

/// A record that was replayed so often is not replayed again: something leads it back to where it came from.
inline constexpr int most_replays = 5;

/// How often the record was replayed.
int replays_of(const kafka::message&);

/// The topic that a record of a dead-letter or retry topic came from, else its own.
std::string origin_of(const kafka::message&);

/// With the same key, value and CloudEvent, so that what it has done already is not done again; without the headers of
/// its delivery (trace, retries, dead letters), and with x-replay-id and x-replay-count.
kafka::record replayed(const kafka::message&, std::string topic, std::string_view replay_id);

}  // namespace airi::workers::operations
