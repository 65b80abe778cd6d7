// Reads and counts the records of the dead-letter topics. Used by airi-ctl.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/kafka/topic_reader.hpp"
#include "workers/operations/record_filter.hpp"

namespace airi::workers::operations {

struct dead_letter_kind {
    std::string topic;  ///< the records' original topic
    std::string group, error;
    auto operator<=>(const dead_letter_kind&) const = default;
};
struct dead_letter_count {
    std::int64_t records = 0;
    instant first, last;  ///< the times at which the consumer gave up
};

/// Every dead-letter topic, or that of `topic` (with or without its suffix); empty: `topic` has none.
std::vector<std::string> dead_letter_topics(const std::optional<std::string>& topic);

/// Calls `each` for the records of these topics that match, until it returns false. Blocks.
result<> read_dead_letters(const kafka::access&, const std::vector<std::string>& topics, const kafka::topic_range& when,
    const record_filter&, const std::function<bool(const kafka::message&)>& each);

/// Counts them by topic, group and error.
result<std::map<dead_letter_kind, dead_letter_count>> count_dead_letters(
    const kafka::access&, const std::vector<std::string>& topics, const kafka::topic_range& when, const record_filter&);

/// One record as a line of JSON: its place, its original place, the consumer's error, its key and value.
std::string dead_letter_line(const kafka::message&);

}  // namespace airi::workers::operations
