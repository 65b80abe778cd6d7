// Reads and counts the records of the dead-letter topics. Used by airi-ctl and the operations worker.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/json.hpp"
#include "platform/kafka/topic_reader.hpp"
#include "workers/operations/decisions.hpp"
#include "workers/operations/record_filter.hpp"

namespace airi::workers::operations {

struct dead_letter_kind {
    std::string topic;  ///< the records' original topic
    std::string group, error;
    decision decided = decision::waiting;
    auto operator<=>(const dead_letter_kind&) const = default;
};
struct dead_letter_count {
    std::int64_t records = 0;
    instant first, last;  ///< the times at which the consumer gave up
};

/// Every dead-letter topic, or that of `topic` (with or without its suffix); empty: `topic` has none.
std::vector<std::string> dead_letter_topics(const std::optional<std::string>& topic);

/// Calls `each` for the letters of these topics that match, with what was decided about them, until it returns false.
/// Blocks.
result<> read_dead_letters(const kafka::access&, const std::vector<std::string>& topics, const kafka::topic_range& when,
    const record_filter&, const std::function<bool(const kafka::message&, decision)>& each);

/// Counts them by topic, group, error and decision.
result<std::map<dead_letter_kind, dead_letter_count>> count_dead_letters(
    const kafka::access&, const std::vector<std::string>& topics, const kafka::topic_range& when, const record_filter&);

/// One letter as JSON: its place, its original place, the consumer's error, the decision and its key; its value, which
/// may have personal data, when asked for.
json::object dead_letter_json(const kafka::message&, decision, bool with_value);

}  // namespace airi::workers::operations
